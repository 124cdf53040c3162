namespace ControlPlane.Store;

/// <summary>One key at one revision. Immutable; the bytes are shared with the log entry, the event and the answer and must not be written to.</summary>
/// <param name="Key">The key's bytes, ordered as unsigned bytes.</param>
/// <param name="Value">The value's bytes, stored once.</param>
/// <param name="Created">The revision at which the key came into being (since its last deletion).</param>
/// <param name="Modified">The revision of this value.</param>
/// <param name="Version">1 at creation, raised by one at every put.</param>
/// <param name="Lease">The lease the key lives under, or <see cref="LeaseId.None"/>.</param>
public sealed record Record(
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    Revision Created,
    Revision Modified,
    long Version,
    LeaseId Lease)
{
    /// <summary>What the record holds in memory beside the key's and value's bytes: object, two arrays' headers, its slot in a leaf.</summary>
    private const int OverheadBytes = 144;

    /// <summary>What counts against the quota: the key's and the value's bytes.</summary>
    internal int DataBytes => Key.Length + Value.Length;

    /// <summary>What the record costs in memory, by estimate.</summary>
    internal int SizeBytes => OverheadBytes + DataBytes;
}
