using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store.Histories;

/// <summary>The change log as it was when the view was taken. The arrays are shared with the writer, who only ever writes beyond
/// what this view looks at.</summary>
internal readonly struct HistoryView(HistoryChunk[] chunks, int first, int end, int lastCount, Revision floor, Revision changesFloor)
{
    private readonly HistoryChunk[] _chunks = chunks;
    private readonly int _first = first;
    private readonly int _end = end;
    private readonly int _lastCount = lastCount;

    /// <summary>The oldest revision that can be read.</summary>
    public Revision Floor { get; } = floor;

    /// <summary>Changes at and below this revision are gone.</summary>
    public Revision ChangesFloor { get; } = changesFloor;

    /// <summary>Nothing changed between the floor and the newest revision.</summary>
    public bool IsEmpty => _first == _end;

    /// <summary>The state at <paramref name="revision"/>, which lies at or above the floor and below the newest revision.</summary>
    /// <param name="history">The log as it was at that revision.</param>
    /// <param name="recordSum">The record sum at that revision.</param>
    public RecordTree TreeAt(Revision revision, out HistoryView history, out ulong recordSum)
    {
        var index = ChunkOf(revision);
        var chunk = _chunks[index];
        var count = chunk.FirstAfter(revision, CountOf(index));
        history = new HistoryView(_chunks, _first, index + 1, count, Floor, ChangesFloor);
        recordSum = count == 0 ? chunk.BaseSum : chunk.SumAfter(count - 1);

        // The first chunk of a view always has its base; younger ones may have let go of theirs, even while this looks.
        var start = index;
        RecordTree tree;
        while (!_chunks[start].TryGetBase(out tree)) start--;
        for (; start < index; start++) tree = _chunks[start].Repeat(tree, _chunks[start].Count);
        return chunk.Repeat(tree, count);
    }

    /// <summary>Changes above <paramref name="after"/> (at or above the changes' floor): whole revisions, at least one, until <paramref name="limit"/> is reached.</summary>
    public List<Change> Read(Revision after, int limit, out bool reachedEnd)
    {
        var changes = new List<Change>();
        reachedEnd = true;
        if (_end == _first) return changes;
        for (var index = ChunkOf(after); index < _end; index++)
        {
            var chunk = _chunks[index];
            var count = CountOf(index);
            for (var slot = chunk.FirstAfter(after, count); slot < count; slot++)
            {
                if (changes.Count >= limit && changes.Count > 0 && chunk[slot] != changes[^1].Revision)
                {
                    reachedEnd = false;
                    return changes;
                }

                changes.Add(chunk.ChangeAt(slot));
            }
        }

        return changes;
    }

    private int CountOf(int index) => index == _end - 1 ? _lastCount : _chunks[index].Count;

    /// <summary>The last chunk whose base is at or below <paramref name="revision"/>.</summary>
    private int ChunkOf(Revision revision)
    {
        int low = _first + 1, high = _end - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_chunks[middle].BaseRevision <= revision) low = middle + 1;
            else high = middle - 1;
        }

        return low - 1;
    }
}
