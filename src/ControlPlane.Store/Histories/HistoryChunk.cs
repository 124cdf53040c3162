using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store.Histories;

/// <summary>A run of whole revisions and the state just before them. Written to by the one writer, beyond what any reader looks at.</summary>
/// <param name="baseRevision">The revision of <paramref name="baseTree"/>; every change in the chunk comes after it.</param>
/// <param name="baseTree">The state before the first change.</param>
/// <param name="baseSum">The record sum of that state.</param>
/// <param name="capacity">How many changes fit.</param>
internal sealed class HistoryChunk(Revision baseRevision, RecordTree baseTree, ulong baseSum, int capacity)
{
    /// <summary>Changes of an ordinary chunk. Reading at a revision repeats at most these on the base tree: about 0.2 ms; keeping a tree for
    /// every revision instead would hold 1.2 KB of path copies for each.</summary>
    public const int CapacityUsual = 256;

    private readonly Change[] _changes = new Change[capacity];
    private readonly ulong[] _sums = new ulong[capacity];

    public Revision BaseRevision { get; } = baseRevision;

    public RecordTree BaseTree { get; } = baseTree;

    public ulong BaseSum { get; } = baseSum;

    /// <summary>For the writer, and for readers once a later chunk exists.</summary>
    public int Count { get; private set; }

    /// <summary>What the chunk keeps alive beyond the live state; for the writer.</summary>
    public long Bytes { get; private set; }

    public bool HasRoomFor(int count) => _changes.Length - Count >= count;

    public Change this[int index] => _changes[index];

    public ReadOnlySpan<Change> Changes(int start, int end) => _changes.AsSpan(start, end - start);

    /// <summary>The record sum after the change at <paramref name="index"/> and all of its revision, if it is the last of it.</summary>
    public ulong SumAfter(int index) => _sums[index];

    public void Append(Change change, ulong sumAfterRevision, long bytes)
    {
        _changes[Count] = change;
        _sums[Count] = sumAfterRevision;
        Count++;
        Bytes += bytes;
    }

    /// <summary>The first of <paramref name="count"/> changes whose revision is above <paramref name="revision"/>.</summary>
    public int FirstAfter(Revision revision, int count)
    {
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_changes[middle].Revision <= revision) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
