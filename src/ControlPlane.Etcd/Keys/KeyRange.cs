using ControlPlane.Store;
using Google.Protobuf;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>The keys that <c>key</c> and <c>range_end</c> of a message mean.</summary>
/// <param name="Key">The first key, or the only one.</param>
/// <param name="End">Null: only <paramref name="Key"/>. Empty: to the last key. Otherwise the first key that is not meant any more. The form that the
/// store's operations take.</param>
internal readonly record struct KeyRange(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? End)
{
    public static KeyRange Of(ByteString key, ByteString rangeEnd)
    {
        if (rangeEnd.IsEmpty) return new(key.Memory, null);
        return new(key.Memory, rangeEnd.Length == 1 && rangeEnd[0] == 0 ? ReadOnlyMemory<byte>.Empty : rangeEnd.Memory);
    }

    /// <summary>A range that no key can lie in; a single key is never one.</summary>
    public bool IsEmpty => End is { IsEmpty: false } end && Key.Span.SequenceCompareTo(end.Span) >= 0;

    public bool Contains(ReadOnlySpan<byte> key) => End is { } end
        ? key.SequenceCompareTo(Key.Span) >= 0 && (end.IsEmpty || key.SequenceCompareTo(end.Span) < 0)
        : key.SequenceEqual(Key.Span);

    public long CountIn(StoreView view)
    {
        if (End is null) return view.Get(Key.Span) is null ? 0 : 1;
        return view.Count(Key, EndInView);
    }

    public IEnumerable<Record> In(StoreView view)
    {
        if (End is not null) return view.Range(Key, EndInView);
        return view.Get(Key.Span) is { } record ? [record] : [];
    }

    // A view says "to the last key" with null.
    private ReadOnlyMemory<byte>? EndInView => End is { IsEmpty: true } ? null : End;
}
