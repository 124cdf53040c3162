using ControlPlane.Store.Histories;
using ControlPlane.Store.Leases;
using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store;

/// <summary>The store at one revision: immutable, safe to read from any thread while newer revisions are written.</summary>
/// <remarks>Holding a view keeps its state and its part of the history in memory; it is meant for a request, not for a day.</remarks>
public sealed class StoreView
{
    private readonly RecordTree _tree;
    private readonly HistoryView _history;
    private readonly LeaseTable _leases;
    private readonly ulong _recordSum;
    private readonly StoreLimits _limits;

    internal StoreView(
        Revision revision, Revision compactionFloor, RecordTree tree, LeaseTable leases, HistoryView history, ulong recordSum,
        long liveBytes, StoreLimits limits)
    {
        Revision = revision;
        CompactionFloor = compactionFloor;
        _tree = tree;
        _leases = leases;
        _history = history;
        _recordSum = recordSum;
        LiveBytes = liveBytes;
        _limits = limits;
    }

    /// <summary>The revision this view shows.</summary>
    public Revision Revision { get; }

    /// <summary>History at and below this revision is gone. A member's own: it rises with <see cref="CompactionFloor"/>, when history outgrows its
    /// bytes, and after a restore from a snapshot.</summary>
    public Revision Floor => _history.Floor;

    /// <summary>The first revision whose changes can be followed: the floor itself when it was committed, the one after it when history was dropped or
    /// begins with a snapshot.</summary>
    public Revision OldestChange => _history.ChangesFloor.Next;

    /// <summary>The floor that a committed <c>Compact</c> has set; equal on every member that has applied as much.</summary>
    public Revision CompactionFloor { get; }

    /// <summary>How many keys exist.</summary>
    public long KeyCount => _tree.Count;

    /// <summary>A hash of every record and the revision: equal on members with equal state at an equal revision, however they got there.
    /// Leases without keys do not count, since granting one makes no revision.</summary>
    public ulong StateHash => StateHashing.OfState(_recordSum, Revision);

    /// <summary>All of this view but its records and history: what a snapshot keeps beside them.</summary>
    public StoreHead Head => new(Revision, CompactionFloor)
    {
        Leases = [.. _leases.Leases],
        LeaseRenewals = _leases.Renewals,
        QuotaBytes = QuotaBytes,
        Alarms = [.. Alarms],
    };

    /// <summary>Bytes of all keys and values. A view from <see cref="At"/> shows those of the view it was taken from, as it does for the quota and the alarms.</summary>
    public long LiveBytes { get; }

    /// <summary>Transactions that would make <see cref="LiveBytes"/> grow beyond this are refused.</summary>
    public long QuotaBytes => _limits.QuotaBytes;

    /// <summary>What is wrong in the group, by member.</summary>
    public IReadOnlyCollection<Alarm> Alarms => _limits.Alarms;

    /// <summary>As <see cref="StateHash"/>, with the leases, the quota and the alarms: equal on members that have applied the same commands.</summary>
    public ulong WholeHash => StateHashing.OfWhole(StateHash, _leases.Sum, _leases.Renewals, CompactionFloor, _limits);

    /// <summary>The leases that exist, by id. A view from <see cref="At"/> shows those of the view it was taken from.</summary>
    public IEnumerable<Lease> Leases => _leases.Leases;

    /// <summary>The lease, or null.</summary>
    public Lease? GetLease(LeaseId id) => _leases.Find(id);

    /// <summary>The records under a lease, in key order; empty when the lease does not exist.</summary>
    public IEnumerable<Record> KeysUnder(LeaseId id) => _leases.KeysOf(id).Range(ReadOnlyMemory<byte>.Empty, null);

    /// <summary>The record of <paramref name="key"/>, or null.</summary>
    public Record? Get(ReadOnlySpan<byte> key) => _tree.Find(key);

    /// <summary>Records with <c>start ≤ key &lt; end</c> in key order, lazily; <paramref name="end"/> null means "to the last key".</summary>
    public IEnumerable<Record> Range(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) => _tree.Range(start, end);

    /// <summary>How many keys lie in [start, end). O(log n).</summary>
    public long Count(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) =>
        Math.Max(0, (end is { } bound ? _tree.Rank(bound.Span) : _tree.Count) - _tree.Rank(start.Span));

    /// <summary>The store as it was at <paramref name="revision"/>; null below <see cref="Floor"/> and above <see cref="Revision"/>.
    /// The floor itself can still be read: what is gone there are the changes that led to it.</summary>
    public StoreView? At(Revision revision)
    {
        if (revision == Revision) return this;
        if (revision < Floor || revision > Revision) return null;
        // Revisions that touched nothing here (Adopt) leave no change behind.
        if (_history.IsEmpty) return new StoreView(revision, CompactionFloor, _tree, _leases, _history, _recordSum, LiveBytes, _limits);
        var tree = _history.TreeAt(revision, out var history, out var recordSum);
        return new StoreView(revision, CompactionFloor, tree, _leases, history, recordSum, LiveBytes, _limits);
    }

    /// <summary>Changes after <paramref name="after"/>, which may be the revision before a committed <see cref="Floor"/> (so that what the floor itself changed,
    /// deletions too, can be told), up to this view's revision, at least one whole revision and about <paramref name="limit"/> changes.</summary>
    /// <remarks>A cursor ahead of this view (its reader came from a member that is further) gets nothing and keeps its place.</remarks>
    public ChangesOutcome ReadChanges(Revision after, int limit)
    {
        if (after < _history.ChangesFloor) return new ChangesOutcome.Compacted(Floor);
        if (after >= Revision) return new ChangesOutcome.Read([], after);
        var changes = _history.Read(after, limit, out var reachedEnd);
        return new ChangesOutcome.Read(changes, reachedEnd ? Revision : changes[^1].Revision);
    }
}
