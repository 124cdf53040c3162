namespace ControlPlane.Store.Trees;

/// <summary>Records in key order.</summary>
internal sealed class Leaf(Record[] records) : TreeNode(records[0], records.Length)
{
    private readonly Record[] _records = records;

    public ReadOnlySpan<Record> Records => _records;

    public override int Width => _records.Length;

    public override Record? Find(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        return index >= 0 ? _records[index] : null;
    }

    public override int Rank(ReadOnlySpan<byte> key)
    {
        var index = IndexOf(key);
        return index >= 0 ? index : ~index;
    }

    public override TreeNode Put(Record record, out Record? previous, out TreeNode? right)
    {
        right = null;
        var index = IndexOf(record.Key.Span);
        if (index >= 0)
        {
            previous = _records[index];
            return new Leaf(PersistentArray.With(_records, index, record));
        }

        previous = null;
        var wider = PersistentArray.Inserted(_records, ~index, record);
        if (wider.Length <= WidthMax) return new Leaf(wider);

        // Keys often arrive in order (names with a counter): a split at the end leaves the left leaf full.
        var cut = ~index == _records.Length ? _records.Length - WidthMin : wider.Length / 2;
        right = new Leaf(wider[cut..]);
        return new Leaf(wider[..cut]);
    }

    public override TreeNode? Remove(ReadOnlySpan<byte> key, out Record? removed)
    {
        var index = IndexOf(key);
        removed = index >= 0 ? _records[index] : null;
        if (index < 0) return this;
        return _records.Length == 1 ? null : new Leaf(PersistentArray.Removed(_records, index));
    }

    public override (TreeNode Left, TreeNode? Right) JoinedWith(TreeNode neighbour)
    {
        var joined = PersistentArray.Joined(_records, ((Leaf)neighbour)._records);
        if (joined.Length <= WidthMax) return (new Leaf(joined), null);
        var cut = joined.Length / 2;
        return (new Leaf(joined[..cut]), new Leaf(joined[cut..]));
    }

    /// <summary>The slot of <paramref name="key"/>, or the complement of the slot where it would go.</summary>
    private int IndexOf(ReadOnlySpan<byte> key)
    {
        int low = 0, high = _records.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = _records[middle].Key.Span.SequenceCompareTo(key);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}
