using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store.Histories;

/// <summary>A run of whole revisions and the state just before them. Written to by the one writer, beyond what any reader looks at.</summary>
/// <param name="baseRevision">The revision of <paramref name="baseTree"/>; every change in the chunk comes after it.</param>
/// <param name="baseTree">The state before the first change.</param>
/// <param name="baseSum">The record sum of that state.</param>
/// <param name="capacity">How many changes fit.</param>
/// <param name="isGroupStart">Its base is never let go.</param>
internal sealed class HistoryChunk(Revision baseRevision, RecordTree baseTree, ulong baseSum, int capacity, bool isGroupStart)
{
    /// <summary>Changes of an ordinary chunk.</summary>
    public const int CapacityUsual = 256;

    private readonly Slot[] _slots = new Slot[capacity];
    private volatile Base? _base = new(baseTree);

    public Revision BaseRevision { get; } = baseRevision;

    public ulong BaseSum { get; } = baseSum;

    public bool IsGroupStart { get; } = isGroupStart;

    /// <summary>For the writer, and for readers once a later chunk exists.</summary>
    public int Count { get; private set; }

    /// <summary>What the chunk keeps alive beyond the live state; for the writer.</summary>
    public long Bytes { get; private set; }

    public Revision this[int index] => _slots[index].Revision;

    public bool HasRoomFor(int count) => _slots.Length - Count >= count;

    public Change ChangeAt(int index)
    {
        ref var slot = ref _slots[index];
        return new Change(slot.Revision, (slot.Current ?? slot.Previous)!.Key, slot.Current, slot.Previous);
    }

    /// <summary>The record sum after the change at <paramref name="index"/> and all of its revision, if it is the last of it.</summary>
    public ulong SumAfter(int index) => _slots[index].SumAfter;

    public void Append(Change change, ulong sumAfterRevision, long bytes)
    {
        _slots[Count] = new Slot(change.Revision, sumAfterRevision, change.Current, change.Previous);
        Count++;
        Bytes += bytes;
    }

    /// <summary>The state before the first change; false when it was let go, and must be made from an earlier chunk's.</summary>
    public bool TryGetBase(out RecordTree tree)
    {
        var kept = _base;
        tree = kept is null ? default : kept.Tree;
        return kept is not null;
    }

    /// <summary>Lets go of the state before the first change. Readers that hold it keep it.</summary>
    public void ForgetBase() => _base = null;

    /// <summary>The tree after the first <paramref name="count"/> changes, made from the one before them.</summary>
    public RecordTree Repeat(RecordTree tree, int count)
    {
        foreach (ref readonly var slot in _slots.AsSpan(0, count))
            tree = slot.Current is { } current ? tree.Put(current, out _) : tree.Remove(slot.Previous!.Key.Span, out _);
        return tree;
    }

    /// <summary>The first of <paramref name="count"/> changes whose revision is above <paramref name="revision"/>.</summary>
    public int FirstAfter(Revision revision, int count)
    {
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_slots[middle].Revision <= revision) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private sealed record Base(RecordTree Tree);

    // A change without its object: most are never looked at again.
    private readonly record struct Slot(Revision Revision, ulong SumAfter, Record? Current, Record? Previous);
}
