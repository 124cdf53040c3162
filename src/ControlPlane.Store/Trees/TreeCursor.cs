namespace ControlPlane.Store.Trees;

/// <summary>Walks the records of one tree in key order. Costs one small stack; one reader.</summary>
internal sealed class TreeCursor
{
    private readonly Stack<(Branch Branch, int Child)> _path = new();
    private Leaf? _leaf;
    private int _slot;

    /// <summary>Stands at the first record at or above <paramref name="start"/>.</summary>
    public TreeCursor(TreeNode root, ReadOnlySpan<byte> start)
    {
        var node = root;
        while (node is Branch branch)
        {
            var child = branch.ChildOf(start);
            _path.Push((branch, child));
            node = branch.Children[child];
        }

        _leaf = (Leaf)node;
        _slot = _leaf.Rank(start);
        if (_slot == _leaf.Width) NextLeaf();
    }

    /// <summary>Null past the last record.</summary>
    public Record? Current => _leaf?.Records[_slot];

    public void MoveNext()
    {
        if (_leaf is not null && ++_slot == _leaf.Width) NextLeaf();
    }

    private void NextLeaf()
    {
        _leaf = null;
        _slot = 0;
        while (_path.TryPop(out var step))
        {
            if (step.Child + 1 == step.Branch.Width) continue;
            _path.Push((step.Branch, step.Child + 1));
            var node = step.Branch.Children[step.Child + 1];
            while (node is Branch branch)
            {
                _path.Push((branch, 0));
                node = branch.Children[0];
            }

            _leaf = (Leaf)node;
            return;
        }
    }
}
