using ControlPlane.Etcd.Keys;
using ControlPlane.Store.Watches;

namespace ControlPlane.Etcd.Watches;

/// <summary>One change as the event of a watch response, encoded at most once for all who watch it.</summary>
/// <remarks>Any thread; two that encode at the same time write the same bytes, and one array wins.</remarks>
internal sealed class SharedEvent(Change change)
{
    // Field 11 of WatchResponse; fields 1 to 3 of Event.
    private const byte EventTag = 11 << 3 | 2;
    private const byte TypeTag = 1 << 3;
    private const byte CurrentTag = 2 << 3 | 2;
    private const byte PreviousTag = 3 << 3 | 2;
    private const ulong Deleted = 1;

    private byte[]? _plain;
    private byte[]? _withPrevious;

    public Change Change => change;

    /// <summary>The whole field, ready to stand in a <c>WatchResponse</c>.</summary>
    /// <param name="withPrevious">With the record that was there before.</param>
    public byte[] Encoded(bool withPrevious) => withPrevious && change.Previous is not null
        ? _withPrevious ??= Encode(isWithPrevious: true)
        : _plain ??= Encode(isWithPrevious: false);

    private byte[] Encode(bool isWithPrevious)
    {
        var key = change.Key.Span;
        var revision = change.Revision.Value;
        var currentSize = change.Current is { } current ? Wire.SizeOf(current) : Wire.TombstoneSize(key, revision);
        var previousSize = isWithPrevious ? Wire.SizeOf(change.Previous!) : 0;
        var size = (change.Current is null ? 2 : 0) + 1 + Wire.VarintSize((uint)currentSize) + currentSize
            + (isWithPrevious ? 1 + Wire.VarintSize((uint)previousSize) + previousSize : 0);

        var bytes = new byte[1 + Wire.VarintSize((uint)size) + size];
        var target = bytes.AsSpan();
        target = target[Wire.WriteHead(target, EventTag, size)..];
        if (change.Current is null) target = target[Wire.WriteField(target, TypeTag, Deleted)..];
        target = target[Wire.WriteHead(target, CurrentTag, currentSize)..];
        target = target[(change.Current is not null ? Wire.Write(target, change.Current) : Wire.WriteTombstone(target, key, revision))..];
        if (isWithPrevious)
        {
            target = target[Wire.WriteHead(target, PreviousTag, previousSize)..];
            target = target[Wire.Write(target, change.Previous!)..];
        }

        Invariant.That(target.IsEmpty);
        return bytes;
    }
}
