using ControlPlane.Replica.Codecs;
using MessagePack;

namespace ControlPlane.Replica.Peers;

/// <summary>The answer to a <see cref="Hello"/>.</summary>
/// <param name="Refusal">Why not; <see cref="Refusal.None"/> is welcome.</param>
/// <param name="Reason">For the caller's operator.</param>
internal sealed record Welcome(Refusal Refusal, string Reason)
{
    public static readonly Welcome Granted = new(Refusal.None, "");

    public byte[] Encode() => Pack.Write(this, static (ref MessagePackWriter writer, Welcome welcome) =>
    {
        writer.WriteArrayHeader(2);
        writer.Write((int)welcome.Refusal);
        writer.Write(welcome.Reason);
    });

    /// <exception cref="InvalidDataException">Not an answer.</exception>
    public static Welcome Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, static (ref MessagePackReader reader) =>
    {
        Pack.Expect(ref reader, 2);
        var refusal = (Refusal)reader.ReadInt32();
        return new Welcome(Enum.IsDefined(refusal) ? refusal : Refusal.Other, Pack.ReadString(ref reader));
    });
}

internal enum Refusal
{
    None = 0,

    /// <summary>A wrong address, another cluster; may be right later.</summary>
    Other = 1,

    /// <summary>The caller was removed from the group, for ever.</summary>
    Removed = 2,

    /// <summary>The caller comes with another disk than before.</summary>
    DataGone = 3,

    /// <summary>The caller's program is older than the group's floor.</summary>
    ProgramTooOld = 4,

    /// <summary>Nobody of this name or address was added (yet).</summary>
    NotAdded = 5,
}
