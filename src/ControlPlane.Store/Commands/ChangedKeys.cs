namespace ControlPlane.Store.Commands;

/// <summary>The keys that the parts of one transaction change. A part is an operation; of a nested transaction, both branches are one part.</summary>
internal sealed class ChangedKeys
{
    private readonly List<(ReadOnlyMemory<byte> Key, int Part)> _puts = [];
    private readonly List<(Operation.Delete Delete, int Part)> _deletes = [];

    public void Add(Operation.Put put, int part) => _puts.Add((put.Key, part));

    public void Add(Operation.Delete delete, int part) => _deletes.Add((delete, part));

    /// <summary>Adds all that a nested transaction changes.</summary>
    public void Add(ChangedKeys nested, int part)
    {
        foreach (var (key, _) in nested._puts) _puts.Add((key, part));
        foreach (var (delete, _) in nested._deletes) _deletes.Add((delete, part));
    }

    /// <summary>A key that two parts put, or that one puts and another deletes: which of both would win is not the store's to guess. Null when there
    /// is none; keys deleted twice do not count.</summary>
    public ReadOnlyMemory<byte>? FindTwiceChanged()
    {
        if (_puts.Count == 0) return null;
        _puts.Sort(static (left, right) => left.Key.Span.SequenceCompareTo(right.Key.Span) is var order && order != 0 ? order : left.Part.CompareTo(right.Part));
        for (var index = 1; index < _puts.Count; index++)
        {
            if (_puts[index].Part != _puts[index - 1].Part && _puts[index].Key.Span.SequenceEqual(_puts[index - 1].Key.Span)) return _puts[index].Key;
        }

        foreach (var (delete, part) in _deletes)
        {
            for (var index = FirstAtOrAbove(delete.Key.Span); index < _puts.Count && Covers(delete, _puts[index].Key); index++)
            {
                if (_puts[index].Part != part) return _puts[index].Key;
            }
        }

        return null;
    }

    private static bool Covers(Operation.Delete delete, ReadOnlyMemory<byte> key) => delete.End is { } end
        ? end.IsEmpty || key.Span.SequenceCompareTo(end.Span) < 0
        : key.Span.SequenceEqual(delete.Key.Span);

    private int FirstAtOrAbove(ReadOnlySpan<byte> key)
    {
        int low = 0, high = _puts.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_puts[middle].Key.Span.SequenceCompareTo(key) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
