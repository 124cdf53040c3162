using ControlPlane.Etcd.Keys;

namespace ControlPlane.Etcd.Watches;

/// <summary>Finds the watches of a key. Watches of one key are looked up; watches of equal ranges are tried once for all of them.</summary>
/// <remarks>Not thread-safe. A change costs a lookup and a comparison for each different range that is watched, whoever many watch it.</remarks>
internal sealed class WatchIndex
{
    private readonly Dictionary<ReadOnlyMemory<byte>, HashSet<Watch>> _ofKeys = new(ByteKeys.Comparer);
    private readonly Dictionary<ReadOnlyMemory<byte>, HashSet<Watch>>.AlternateLookup<ReadOnlySpan<byte>> _ofKey;
    private readonly List<(KeyRange Range, HashSet<Watch> Watches)> _ofRanges = [];

    public WatchIndex() => _ofKey = _ofKeys.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count { get; private set; }

    public IEnumerable<Watch> All => _ofKeys.Values.Concat(_ofRanges.Select(one => one.Watches)).SelectMany(watches => watches);

    public void Add(Watch watch)
    {
        if (!WatchesLike(watch, isWanted: true)!.Add(watch)) return;
        Count++;
    }

    public void Remove(Watch watch)
    {
        if (WatchesLike(watch, isWanted: false) is not { } watches || !watches.Remove(watch)) return;
        Count--;
        if (watches.Count > 0) return;
        if (watch.Range.End is null) _ofKeys.Remove(watch.Range.Key);
        else _ofRanges.RemoveAll(one => ReferenceEquals(one.Watches, watches));
    }

    public void Clear()
    {
        _ofKeys.Clear();
        _ofRanges.Clear();
        Count = 0;
    }

    /// <summary>Adds every watch whose range holds <paramref name="key"/> to <paramref name="found"/>.</summary>
    public void Find(ReadOnlySpan<byte> key, List<Watch> found)
    {
        if (_ofKey.TryGetValue(key, out var ofKey)) found.AddRange(ofKey);
        foreach (var (range, watches) in _ofRanges)
        {
            if (range.Contains(key)) found.AddRange(watches);
        }
    }

    private HashSet<Watch>? WatchesLike(Watch watch, bool isWanted)
    {
        HashSet<Watch>? watches;
        if (watch.Range.End is not { } end)
        {
            if (!_ofKeys.TryGetValue(watch.Range.Key, out watches) && isWanted) _ofKeys.Add(watch.Range.Key, watches = []);
            return watches;
        }

        foreach (var (range, those) in _ofRanges)
        {
            if (range.Key.Span.SequenceEqual(watch.Range.Key.Span) && range.End!.Value.Span.SequenceEqual(end.Span)) return those;
        }

        if (!isWanted) return null;
        _ofRanges.Add((watch.Range, watches = []));
        return watches;
    }
}
