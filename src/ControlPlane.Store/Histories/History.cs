using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store.Histories;

/// <summary>The bounded log of changes, as its one writer sees it. Readers get <see cref="HistoryView"/>s.</summary>
internal sealed class History(Revision floor, long bytesMax)
{
    /// <summary>What one change costs beside the record it replaced: the change and its slots (~80 bytes), and its share of the path copies
    /// between two chunk bases (~400 bytes, benchmarks/sketches.md).</summary>
    private const long ChangeCostBytes = 480;

    private HistoryChunk[] _chunks = new HistoryChunk[16];
    private int _first;
    private int _end;

    /// <summary>The oldest revision that can be read.</summary>
    public Revision Floor { get; private set; } = floor;

    /// <summary>Changes at and below this revision are gone: the floor, or the revision before it when the floor was asked for and did not come of
    /// dropping a chunk.</summary>
    public Revision ChangesFloor { get; private set; } = floor;

    /// <summary>What history keeps alive beyond the live state, by estimate.</summary>
    public long Bytes { get; private set; }

    public HistoryView View => new(_chunks, _first, _end, _end > _first ? _chunks[_end - 1].Count : 0, Floor, ChangesFloor);

    /// <summary>Adds the changes of one revision.</summary>
    /// <param name="before">The revision before them, with its tree and record sum.</param>
    /// <param name="sumAfter">The record sum after them.</param>
    public void Append(IReadOnlyList<Change> changes, Revision before, RecordTree treeBefore, ulong sumBefore, ulong sumAfter)
    {
        // A revision lies in one chunk, so that a chunk's base is always a whole revision.
        if (_end == _first || !_chunks[_end - 1].HasRoomFor(changes.Count))
            AppendChunk(new HistoryChunk(before, treeBefore, sumBefore, Math.Max(HistoryChunk.CapacityUsual, changes.Count)));

        var chunk = _chunks[_end - 1];
        foreach (var change in changes)
        {
            var bytes = ChangeCostBytes + (change.Previous is null ? 0 : change.Previous.SizeBytes);
            chunk.Append(change, sumAfter, bytes);
            Bytes += bytes;
        }

        // The chunk being written stays, so that a follower of changes that keeps up never falls off.
        while (Bytes > bytesMax && _end - _first > 1)
        {
            DropFirstChunk();
            ChangesFloor = _chunks[_first].BaseRevision;
            if (Floor < ChangesFloor) Floor = ChangesFloor;
        }
    }

    /// <summary>Forgets changes below <paramref name="floor"/>. What the floor itself changed stays, for whoever follows from there.</summary>
    public void Compact(Revision floor)
    {
        if (floor <= Floor) return;
        Floor = floor;
        ChangesFloor = new Revision(Math.Max(ChangesFloor.Value, floor.Value - 1));
        while (_end > _first && LastOf(_chunks[_first]) <= ChangesFloor) DropFirstChunk();
    }

    private static Revision LastOf(HistoryChunk chunk) => chunk[chunk.Count - 1].Revision;

    private void AppendChunk(HistoryChunk chunk)
    {
        if (_end == _chunks.Length) Resize(Math.Max(16, 2 * (_end - _first)));
        _chunks[_end++] = chunk;
    }

    private void DropFirstChunk()
    {
        Bytes -= _chunks[_first].Bytes;
        _first++;
        // Slots of dropped chunks are not cleared, a reader may be looking at them; a fresh array lets go of them.
        if (_first >= 16 && _first >= (_end - _first) / 8) Resize(Math.Max(16, 2 * (_end - _first)));
    }

    private void Resize(int capacity)
    {
        var chunks = new HistoryChunk[capacity];
        Array.Copy(_chunks, _first, chunks, 0, _end - _first);
        _end -= _first;
        _first = 0;
        _chunks = chunks;
    }
}
