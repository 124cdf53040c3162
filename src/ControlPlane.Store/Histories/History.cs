using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store.Histories;

/// <summary>The bounded log of changes, as its one writer sees it. Readers get <see cref="HistoryView"/>s.</summary>
internal sealed class History(Revision floor, long bytesMax)
{
    /// <summary>What one change costs beside the record it replaced: its slot (32 bytes), and when keys come in no order its share of the path copies
    /// between the bases that are kept.</summary>
    private const long ChangeCostBytes = 240;

    /// <summary>The youngest chunks keep their bases, so that the revisions that are read most (pages of a list) cost at most 256 repeated changes.</summary>
    private const int YoungChunks = 32;

    /// <summary>Of older chunks the first of a group keeps its base: reading there repeats up to 16,384 changes, some ten milliseconds, and a change in
    /// no order of keys costs a third of the copies that a base for every chunk would hold.</summary>
    private const int GroupChunks = 64;

    // A group is let go as a whole, so that large values make small groups.
    private readonly long _groupBytesMax = bytesMax / 32;

    private HistoryChunk[] _chunks = new HistoryChunk[16];
    private int _first;
    private int _end;
    private int _groupChunks;
    private long _groupBytes;

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
            AppendChunk(new HistoryChunk(before, treeBefore, sumBefore, Math.Max(HistoryChunk.CapacityUsual, changes.Count), IsGroupDue()));

        var chunk = _chunks[_end - 1];
        foreach (var change in changes)
        {
            var bytes = ChangeCostBytes + (change.Previous is null ? 0 : change.Previous.SizeBytes);
            chunk.Append(change, sumAfter, bytes);
            Bytes += bytes;
            _groupBytes += bytes;
        }

        // The group being written stays, so that a follower of changes that keeps up never falls off.
        while (Bytes > bytesMax && EndOfFirstGroup() is { } end)
        {
            DropTo(end);
            if (ChangesFloor < _chunks[_first].BaseRevision) ChangesFloor = _chunks[_first].BaseRevision;
            if (Floor < ChangesFloor) Floor = ChangesFloor;
        }
    }

    /// <summary>Forgets changes below <paramref name="floor"/>. What the floor itself changed stays, for whoever follows from there.</summary>
    public void Compact(Revision floor)
    {
        if (floor <= Floor) return;
        Floor = floor;
        ChangesFloor = new Revision(Math.Max(ChangesFloor.Value, floor.Value - 1));
        while (EndOfFirstGroup() is { } end && _chunks[end].BaseRevision <= ChangesFloor) DropTo(end);
        if (_end > _first && LastOf(_chunks[_end - 1]) <= ChangesFloor) DropTo(_end);
    }

    private static Revision LastOf(HistoryChunk chunk) => chunk[chunk.Count - 1];

    /// <summary>The start of the second group; null while there is one only.</summary>
    private int? EndOfFirstGroup()
    {
        for (var index = _first + 1; index < _end; index++)
        {
            if (_chunks[index].IsGroupStart) return index;
        }

        return null;
    }

    private void AppendChunk(HistoryChunk chunk)
    {
        if (_end == _chunks.Length) Resize(Math.Max(16, 2 * (_end - _first)));
        if (chunk.IsGroupStart) (_groupChunks, _groupBytes) = (0, 0);
        _groupChunks++;
        _chunks[_end++] = chunk;
        var grown = _end - 1 - YoungChunks;
        if (grown >= _first && !_chunks[grown].IsGroupStart) _chunks[grown].ForgetBase();
    }

    private bool IsGroupDue() => _end == _first || _groupChunks >= GroupChunks || _groupBytes >= _groupBytesMax;

    private void DropTo(int end)
    {
        for (; _first < end; _first++) Bytes -= _chunks[_first].Bytes;
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
