namespace ControlPlane.Store.Trees;

/// <summary>A persistent ordered map from key to <see cref="Record"/>: a change copies the path from the root to one leaf and shares the
/// rest. The default value is the empty tree. Any thread may read any tree.</summary>
internal readonly struct RecordTree
{
    private readonly TreeNode? _root;

    private RecordTree(TreeNode? root) => _root = root;

    public int Count => _root?.Count ?? 0;

    public TreeNode? Root => _root;

    /// <summary>Builds a tree in one pass.</summary>
    /// <exception cref="ArgumentException">The keys are not strictly ascending.</exception>
    public static RecordTree FromSorted(IEnumerable<Record> records)
    {
        var leaves = new List<TreeNode>();
        var pending = new List<Record>();
        Record? last = null;
        foreach (var record in records)
        {
            if (last is not null && last.Key.Span.SequenceCompareTo(record.Key.Span) >= 0)
                throw new ArgumentException("records must come in strictly ascending order of their keys", nameof(records));
            last = record;
            pending.Add(record);
            // Two leaves' worth stay pending, so that the last leaf is never too narrow.
            if (pending.Count < 2 * TreeNode.WidthMax) continue;
            leaves.Add(new Leaf([.. pending[..TreeNode.WidthMax]]));
            pending.RemoveRange(0, TreeNode.WidthMax);
        }

        if (pending.Count > TreeNode.WidthMax)
        {
            leaves.Add(new Leaf([.. pending[..(pending.Count / 2)]]));
            pending.RemoveRange(0, pending.Count / 2);
        }

        if (pending.Count > 0) leaves.Add(new Leaf([.. pending]));

        var level = leaves;
        while (level.Count > 1)
        {
            var parents = new List<TreeNode>();
            var groups = (level.Count + TreeNode.WidthMax - 1) / TreeNode.WidthMax;
            for (var group = 0; group < groups; group++)
            {
                var start = (int)((long)level.Count * group / groups);
                var end = (int)((long)level.Count * (group + 1) / groups);
                parents.Add(new Branch([.. level[start..end]]));
            }

            level = parents;
        }

        return new RecordTree(level.Count == 0 ? null : level[0]);
    }

    public Record? Find(ReadOnlySpan<byte> key) => _root?.Find(key);

    /// <summary>How many keys are lower than <paramref name="key"/>.</summary>
    public int Rank(ReadOnlySpan<byte> key) => _root?.Rank(key) ?? 0;

    /// <summary>How many keys lie in [start, end); an empty <paramref name="end"/> means "to the last key".</summary>
    public long CountIn(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end) => Math.Max(0, (end.IsEmpty ? Count : Rank(end)) - Rank(start));

    /// <param name="previous">The record replaced, or null.</param>
    public RecordTree Put(Record record, out Record? previous)
    {
        if (_root is null)
        {
            previous = null;
            return new RecordTree(new Leaf([record]));
        }

        var left = _root.Put(record, out previous, out var right);
        return new RecordTree(right is null ? left : new Branch([left, right]));
    }

    /// <param name="removed">The record removed, or null when the key is absent and the tree unchanged.</param>
    public RecordTree Remove(ReadOnlySpan<byte> key, out Record? removed)
    {
        removed = null;
        if (_root is null) return this;
        var root = _root.Remove(key, out removed);
        while (root is Branch { Width: 1 } branch) root = branch.Children[0];
        return new RecordTree(root);
    }

    /// <summary>Records with <c>start ≤ key &lt; end</c> in key order, lazily; <paramref name="end"/> null means "to the last key".</summary>
    public IEnumerable<Record> Range(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end)
    {
        if (_root is null) yield break;
        var cursor = new TreeCursor(_root, start.Span);
        while (cursor.Current is { } record)
        {
            if (end is { } bound && record.Key.Span.SequenceCompareTo(bound.Span) >= 0) yield break;
            yield return record;
            cursor.MoveNext();
        }
    }
}
