namespace ControlPlane.Store.Trees;

/// <summary>Children in key order, all of one depth.</summary>
internal sealed class Branch(TreeNode[] children) : TreeNode(children[0].First, CountOf(children))
{
    private readonly TreeNode[] _children = children;

    public ReadOnlySpan<TreeNode> Children => _children;

    public override int Width => _children.Length;

    public override Record? Find(ReadOnlySpan<byte> key) => _children[ChildOf(key)].Find(key);

    public override int Rank(ReadOnlySpan<byte> key)
    {
        var child = ChildOf(key);
        var rank = _children[child].Rank(key);
        for (var index = 0; index < child; index++) rank += _children[index].Count;
        return rank;
    }

    public override TreeNode Put(Record record, out Record? previous, out TreeNode? right)
    {
        right = null;
        var slot = ChildOf(record.Key.Span);
        var child = _children[slot].Put(record, out previous, out var sibling);
        var changed = PersistentArray.With(_children, slot, child);
        if (sibling is null) return new Branch(changed);

        var wider = PersistentArray.Inserted(changed, slot + 1, sibling);
        if (wider.Length <= WidthMax) return new Branch(wider);

        var cut = slot == _children.Length - 1 ? _children.Length - WidthMin : wider.Length / 2;
        right = new Branch(wider[cut..]);
        return new Branch(wider[..cut]);
    }

    public override TreeNode? Remove(ReadOnlySpan<byte> key, out Record? removed)
    {
        var slot = ChildOf(key);
        var child = _children[slot].Remove(key, out removed);
        if (removed is null) return this;
        if (child is null) return _children.Length == 1 ? null : new Branch(PersistentArray.Removed(_children, slot));
        if (child.Width >= WidthMin || _children.Length == 1) return new Branch(PersistentArray.With(_children, slot, child));

        var leftSlot = slot > 0 ? slot - 1 : 0;
        var (left, right) = slot > 0 ? _children[leftSlot].JoinedWith(child) : child.JoinedWith(_children[1]);
        var joined = right is null
            ? PersistentArray.Removed(_children, leftSlot + 1)
            : PersistentArray.With(_children, leftSlot + 1, right);
        joined[leftSlot] = left;
        return new Branch(joined);
    }

    public override (TreeNode Left, TreeNode? Right) JoinedWith(TreeNode neighbour)
    {
        var joined = PersistentArray.Joined(_children, ((Branch)neighbour)._children);
        if (joined.Length <= WidthMax) return (new Branch(joined), null);
        var cut = joined.Length / 2;
        return (new Branch(joined[..cut]), new Branch(joined[cut..]));
    }

    /// <summary>The child that holds <paramref name="key"/> if any does: the last one that starts at or below it, else the first.</summary>
    public int ChildOf(ReadOnlySpan<byte> key)
    {
        int low = 1, high = _children.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_children[middle].First.Key.Span.SequenceCompareTo(key) <= 0) low = middle + 1;
            else high = middle - 1;
        }

        return low - 1;
    }

    private static int CountOf(TreeNode[] children)
    {
        var count = 0;
        foreach (var child in children) count += child.Count;
        return count;
    }
}
