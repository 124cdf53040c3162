namespace ControlPlane.Store.Trees;

/// <summary>A node of the persistent B+tree: immutable, shared by every tree that contains it. Never empty.</summary>
/// <param name="first">The record with the lowest key below this node.</param>
/// <param name="count">How many records lie below this node.</param>
internal abstract class TreeNode(Record first, int count)
{
    /// <summary>Slots of a full node. 32 pointers: a path copy of a tree of 200,000 keys is 4 nodes, about 1.2 KB, and a leaf is half a page.</summary>
    public const int WidthMax = 32;

    /// <summary>A node with fewer slots is joined with a neighbour. A quarter, not half, so that a put after a delete does not split again.</summary>
    public const int WidthMin = WidthMax / 4;

    /// <summary>Separators are not stored: a node knows its lowest record, so a replaced or deleted key's bytes are not kept alive by the tree.</summary>
    public readonly Record First = first;

    public readonly int Count = count;

    /// <summary>Slots in use: records of a leaf, children of a branch.</summary>
    public abstract int Width { get; }

    public abstract Record? Find(ReadOnlySpan<byte> key);

    /// <summary>How many records below have a key lower than <paramref name="key"/>.</summary>
    public abstract int Rank(ReadOnlySpan<byte> key);

    /// <param name="previous">The record replaced, or null.</param>
    /// <param name="right">The second half when the node had to be split, or null.</param>
    public abstract TreeNode Put(Record record, out Record? previous, out TreeNode? right);

    /// <returns>This node when the key is absent; null when its last record went.</returns>
    /// <param name="removed">The record removed, or null.</param>
    public abstract TreeNode? Remove(ReadOnlySpan<byte> key, out Record? removed);

    /// <summary>One node of both, or two even ones when one would be too wide. The neighbour is of the same kind: all leaves lie at one depth.</summary>
    public abstract (TreeNode Left, TreeNode? Right) JoinedWith(TreeNode neighbour);
}
