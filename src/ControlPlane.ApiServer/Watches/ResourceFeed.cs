using System.Collections.Immutable;
using ControlPlane.Api.Resources;

namespace ControlPlane.ApiServer.Watches;

/// <summary>The latest changes of one kind, in a ring. One writer (the hub's loop), any number of cursors that read without locks: a slot is trusted only
/// when it holds the sequence that was looked for, so an overtaken cursor notices and goes on from the store's own history.</summary>
internal sealed class ResourceFeed(ResourceDescriptor resource, long startRevision)
{
    // A power of two. 4,096 changes are about a second of a busy kind; who is further behind reads the store's history instead.
    private const int Capacity = 4096;

    private readonly ObjectChange?[] _ring = new ObjectChange?[Capacity];
    private long _floorRevision = startRevision;
    private long _next;
    private ImmutableArray<WatchCursor> _cursors = [];

    public ResourceDescriptor Resource => resource;

    /// <summary>Every change above this revision is in the ring.</summary>
    public long FloorRevision => Volatile.Read(ref _floorRevision);

    /// <summary>The sequence the next change will get.</summary>
    public long NextSequence => Volatile.Read(ref _next);

    public int CursorCount => _cursors.Length;

    /// <summary>Adds the changes of whole revisions. Only the hub's loop calls this.</summary>
    public void Append(List<ObjectChange> changes)
    {
        var next = _next;
        foreach (var change in changes)
        {
            var slot = next & (Capacity - 1);
            if (_ring[slot] is { } evicted) Volatile.Write(ref _floorRevision, evicted.Revision);
            change.Sequence = next++;
            Volatile.Write(ref _ring[slot], change);
        }

        Volatile.Write(ref _next, next);
        foreach (var cursor in _cursors)
        {
            foreach (var change in changes)
            {
                if (!cursor.Selection.MayConcern(change)) continue;
                cursor.Wake();
                break;
            }
        }
    }

    /// <summary>Forgets everything: changes up to <paramref name="revision"/> were missed. Cursors find their own way through the store's history, or
    /// learn there that it is gone. Only the hub's loop calls this.</summary>
    public void Reset(long revision)
    {
        Volatile.Write(ref _floorRevision, revision);
        Array.Clear(_ring);
        // A jump over the whole ring: no cursor's position can look current.
        Volatile.Write(ref _next, _next + Capacity);
        foreach (var cursor in _cursors) cursor.Wake();
    }

    /// <summary>The change at a sequence below <see cref="NextSequence"/>; null when it has been overwritten.</summary>
    public ObjectChange? At(long sequence)
    {
        var change = Volatile.Read(ref _ring[sequence & (Capacity - 1)]);
        return change?.Sequence == sequence ? change : null;
    }

    /// <summary>The sequence of the first change above a revision; null when the ring no longer reaches back that far.</summary>
    public long? FirstAfter(long revision)
    {
        var high = NextSequence;
        var low = Math.Max(0, high - Capacity);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            // An overwritten slot is older than anything sought; the check of the floor below catches a ring that moved past us.
            if (At(middle) is { } change && change.Revision > revision) high = middle;
            else low = middle + 1;
        }

        return FloorRevision <= revision ? low : null;
    }

    public void Add(WatchCursor cursor) => ImmutableInterlocked.Update(ref _cursors, (all, added) => all.Add(added), cursor);

    public void Remove(WatchCursor cursor) => ImmutableInterlocked.Update(ref _cursors, (all, removed) => all.Remove(removed), cursor);
}
