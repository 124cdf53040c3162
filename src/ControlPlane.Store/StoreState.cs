using System.Collections.Immutable;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Histories;
using ControlPlane.Store.Leases;
using ControlPlane.Store.Trees;
using ControlPlane.Store.Watches;

namespace ControlPlane.Store;

/// <summary>The deterministic state machine behind the log. One caller applies; readers use the immutable <see cref="View"/>.</summary>
public sealed class StoreState
{
    /// <summary>256 MiB: at 1 KB objects about 160,000 changes, half an hour of a busy cluster's writes.</summary>
    public const long HistoryBytesMaxUsual = 256L << 20;

    /// <summary>2 GiB, as operators of etcd know it: with what records and history cost beside their bytes, a process of about 3 GiB.</summary>
    public const long QuotaBytesUsual = 2L << 30;

    private readonly History _history;
    private readonly List<LeaseId> _touchedLeases = [];
    private RecordTree _tree;
    private LeaseTable _leases = LeaseTable.Empty;
    private Revision _revision;
    private Revision _compactionFloor;
    private ulong _recordSum;
    private long _liveBytes;
    private StoreLimits _limits = StoreLimits.Usual;

    // Made when somebody looks: commands that are applied one after another need none between them.
    private StoreView? _view;

    /// <summary>An empty store at revision 0.</summary>
    /// <param name="historyBytesMax">How much history to keep readable, by estimate. A member's own choice: no result depends on it.</param>
    public StoreState(long historyBytesMax = HistoryBytesMaxUsual)
        : this(Revision.Zero, historyBytesMax)
    {
    }

    private StoreState(Revision revision, long historyBytesMax)
    {
        _revision = revision;
        _history = new History(revision, historyBytesMax);
    }

    /// <summary>The newest state. A new object after every command; for the one caller, who publishes it to other threads with one volatile write.</summary>
    public StoreView View => _view ??= new StoreView(_revision, _compactionFloor, _tree, _leases, _history.View, _recordSum, _liveBytes, _limits);

    /// <summary>Leases that the last command granted, renewed, noted or ended, for whoever counts their time.</summary>
    public IReadOnlyList<LeaseId> TouchedLeases => _touchedLeases;

    /// <summary>How many transactions this object has refused because live data would have outgrown its quota.</summary>
    public long SpaceRefusals { get; private set; }

    /// <summary>Builds a store from what a snapshot holds: the <see cref="StoreView.Head"/> and full <c>Range</c> of some view. History begins
    /// there: <c>Floor</c> is the head's revision.</summary>
    /// <param name="head">All but the records.</param>
    /// <param name="records">In strictly ascending order of keys; enumerated once.</param>
    /// <param name="historyBytesMax">As for a new store.</param>
    /// <exception cref="ArgumentException">The parts contradict each other: order of keys, an unknown lease, a revision from the future. The
    /// snapshot does not come from a view.</exception>
    public static StoreState Restore(StoreHead head, IEnumerable<Record> records, long historyBytesMax = HistoryBytesMaxUsual)
    {
        var revision = head.Revision;
        if (head.CompactionFloor > revision) throw new ArgumentException($"the floor {head.CompactionFloor} lies above revision {revision}", nameof(head));
        var table = LeaseTable.Restore(head.Leases, head.LeaseRenewals);
        ulong sum = 0;
        long liveBytes = 0;
        var tree = RecordTree.FromSorted(records.Select(Entered));
        var state = new StoreState(revision, historyBytesMax)
        {
            _tree = tree,
            _leases = table,
            _compactionFloor = head.CompactionFloor,
            _recordSum = sum,
            _liveBytes = liveBytes,
            _limits = new StoreLimits(head.QuotaBytes, ImmutableSortedSet.CreateRange(AlarmOrder.Instance, head.Alarms)),
        };
        return state;

        Record Entered(Record record)
        {
            if (record.Modified > revision)
                throw new ArgumentException($"a record of revision {record.Modified} lies above revision {revision}", nameof(records));
            if (record.Lease != LeaseId.None && table.Find(record.Lease) is null)
                throw new ArgumentException($"a record is under lease {record.Lease}, which does not exist", nameof(records));
            table = table.Follow(null, record);
            sum += StateHashing.Of(record);
            liveBytes += record.DataBytes;
            return record;
        }
    }

    /// <summary>Applies one committed command.</summary>
    public Result Apply(Command command)
    {
        _touchedLeases.Clear();
        var result = command switch
        {
            Transaction transaction => ApplyTransaction(transaction),
            Batch batch => new BatchResult([.. batch.Transactions.Select(ApplyTransaction)]),
            GrantLease grant => ApplyGrant(grant),
            RenewLeases renew => ApplyRenew(renew),
            RevokeLease revoke => new LeaseResult(TryRevoke(revoke.Lease) ? [] : [revoke.Lease], _revision),
            ExpireLeases expire => ApplyExpire(expire),
            CheckpointLeases checkpoint => ApplyCheckpoint(checkpoint),
            Compact compact => ApplyCompact(compact),
            SetQuota quota => ApplyQuota(quota),
            SetAlarm alarm => ApplyAlarm(alarm),
            _ => throw new InvariantViolationException($"no such command: {command.GetType().Name}"),
        };
        _view = null;
        return result;
    }

    /// <summary>Takes over what another store did in one revision, so that this store is its copy: revisions and versions stay as they were given there.</summary>
    /// <param name="revision">Above the newest one here; the revisions in between touched nothing that is copied.</param>
    /// <param name="changes">What is true of each changed key since then; each key once. Empty when only the revision is known.</param>
    /// <exception cref="ArgumentException">The revision is not above the newest, or a record names a lease that was not adopted before.</exception>
    public void Adopt(Revision revision, IReadOnlyList<AdoptedChange> changes)
    {
        if (revision <= _revision) throw new ArgumentException($"revision {revision} is not above {_revision}", nameof(revision));
        foreach (var change in changes)
        {
            if (change.Current is { } current && current.Lease != LeaseId.None && _leases.Find(current.Lease) is null)
                throw new ArgumentException($"a record is under lease {current.Lease}, which does not exist", nameof(changes));
        }

        var edit = new Edit(this, revision);
        foreach (var change in changes) edit.Adopt(change);
        edit.Finish();
        _revision = revision;
        _view = null;
    }

    /// <summary>Takes over a lease of another store; one that is known already gets this time-to-live.</summary>
    public void AdoptLease(LeaseId lease, long timeToLiveSeconds)
    {
        _leases = _leases.Adopt(lease, timeToLiveSeconds);
        _view = null;
    }

    private Result ApplyTransaction(Transaction transaction)
    {
        if (TransactionRules.Refusal(transaction) is { } malformed) return malformed;
        if (!_limits.Alarms.IsEmpty && _limits.Has(AlarmKind.Corrupt))
            return new RefusedResult("members differ in their state; replace the one that is wrong, then end the alarm") { Refusal = Refusal.Corrupt };
        var branch = ChosenBranch.Of(transaction, _tree);
        // Everything that can be refused is refused before the first change: a transaction is whole or nothing.
        if (branch.Refusal(_tree, _leases) is { } refused) return refused;
        var edit = new Edit(this, _revision.Next);
        var results = edit.Run(branch);
        // Told after the fact, so that what a transaction changes is reckoned in one place; nothing that shrinks is refused, however full the store is.
        if (_liveBytes > _limits.QuotaBytes && edit.GrowthBytes > 0)
        {
            var reason = $"{_liveBytes} bytes of keys and values would exceed the quota of {_limits.QuotaBytes}; delete what is not needed, or raise the quota";
            edit.Undo();
            SpaceRefusals++;
            return new RefusedResult(reason) { Refusal = Refusal.NoSpace };
        }

        edit.Finish();
        return new TransactionResult(branch.Succeeded, _revision, results);
    }

    private Result ApplyGrant(GrantLease grant)
    {
        if (grant.Lease == LeaseId.None) return new RefusedResult("a lease id must not be 0");
        if (grant.TimeToLiveSeconds <= 0) return new RefusedResult($"a lease lives at least one second, not {grant.TimeToLiveSeconds}");
        if (grant.TimeToLiveSeconds > Lease.TimeToLiveSecondsMax)
            return new RefusedResult($"a lease lives at most {Lease.TimeToLiveSecondsMax} seconds, not {grant.TimeToLiveSeconds}");
        if (_limits.Has(AlarmKind.NoSpace))
            return new RefusedResult("the store is full; delete what is not needed, or raise the quota") { Refusal = Refusal.NoSpace };
        if (_leases.Find(grant.Lease) is not null) return new LeaseResult([grant.Lease], _revision);
        _leases = _leases.Grant(grant.Lease, grant.TimeToLiveSeconds);
        _touchedLeases.Add(grant.Lease);
        return new LeaseResult([], _revision);
    }

    private LeaseResult ApplyRenew(RenewLeases renew)
    {
        var unknown = ImmutableArray.CreateBuilder<LeaseId>();
        foreach (var id in renew.Leases)
        {
            if (_leases.Find(id) is not { } lease)
            {
                unknown.Add(id);
                continue;
            }

            _leases = _leases.Renew(lease);
            _touchedLeases.Add(id);
        }

        return new LeaseResult(unknown.DrainToImmutable(), _revision);
    }

    private LeaseResult ApplyExpire(ExpireLeases expire)
    {
        var kept = ImmutableArray.CreateBuilder<LeaseId>();
        foreach (var sighting in expire.Leases)
        {
            if (Find(sighting) is null || !TryRevoke(sighting.Lease)) kept.Add(sighting.Lease);
        }

        return new LeaseResult(kept.DrainToImmutable(), _revision);
    }

    private LeaseResult ApplyCheckpoint(CheckpointLeases checkpoint)
    {
        var kept = ImmutableArray.CreateBuilder<LeaseId>();
        foreach (var (sighting, remainingSeconds) in checkpoint.Leases)
        {
            if (remainingSeconds < 1 || Find(sighting) is not { } lease || lease.RemainingSeconds <= remainingSeconds)
            {
                kept.Add(sighting.Lease);
                continue;
            }

            _leases = _leases.Checkpoint(lease, remainingSeconds);
            _touchedLeases.Add(sighting.Lease);
        }

        return new LeaseResult(kept.DrainToImmutable(), _revision);
    }

    /// <summary>The lease in the life it was seen in; null when that is over.</summary>
    private Lease? Find(LeaseSighting sighting) => _leases.Find(sighting.Lease) is { } lease && lease.Renewal == sighting.Renewal ? lease : null;

    private bool TryRevoke(LeaseId id)
    {
        if (_leases.Find(id) is not { } lease) return false;
        var edit = new Edit(this, _revision.Next);
        foreach (var record in _leases.KeysOf(id).Range(ReadOnlyMemory<byte>.Empty, null)) edit.Delete(record);
        edit.Finish();
        _leases = _leases.Remove(lease);
        _touchedLeases.Add(id);
        return true;
    }

    private Result ApplyCompact(Compact compact)
    {
        if (compact.Floor > _revision)
            return new RefusedResult($"revision {compact.Floor} is in the future; the newest is {_revision}") { Refusal = Refusal.InTheFuture };
        var hasMoved = compact.Floor > _compactionFloor;
        if (hasMoved)
        {
            _compactionFloor = compact.Floor;
            _history.Compact(compact.Floor);
        }

        return new CompactResult(_compactionFloor, hasMoved);
    }

    private Result ApplyQuota(SetQuota quota)
    {
        if (quota.Bytes <= 0) return new RefusedResult($"a quota is some bytes, not {quota.Bytes}");
        _limits = _limits with { QuotaBytes = quota.Bytes };
        return new QuotaResult(quota.Bytes);
    }

    private Result ApplyAlarm(SetAlarm set)
    {
        if (!Enum.IsDefined(set.Alarm.Kind)) return new RefusedResult($"no such alarm: {(int)set.Alarm.Kind}");
        _limits = _limits with { Alarms = set.IsRaised ? _limits.Alarms.Add(set.Alarm) : _limits.Alarms.Remove(set.Alarm) };
        return new AlarmResult([.. _limits.Alarms]);
    }

    /// <summary>The changes of one revision while they are made.</summary>
    private sealed class Edit(StoreState state, Revision revision)
    {
        private readonly Revision _revision = revision;
        private readonly RecordTree _treeBefore = state._tree;
        private readonly LeaseTable _leasesBefore = state._leases;
        private readonly ulong _sumBefore = state._recordSum;
        private readonly long _liveBytesBefore = state._liveBytes;
        private readonly List<Change> _changes = [];

        /// <summary>How much more live data there is than before; below zero when it shrank.</summary>
        public long GrowthBytes => state._liveBytes - _liveBytesBefore;

        public ImmutableArray<OperationResult> Run(ChosenBranch branch)
        {
            var results = ImmutableArray.CreateBuilder<OperationResult>(branch.Operations.Length);
            var nested = 0;
            foreach (var operation in branch.Operations)
            {
                results.Add(operation switch
                {
                    Operation.Put put => new OperationResult.Put(Put(put)),
                    Operation.Delete delete => new OperationResult.Delete(Delete(delete)),
                    Operation.Read read => Read(read),
                    Operation.Nested => RunNested(branch.Nested[nested++]),
                    _ => throw new InvariantViolationException($"no such operation: {operation.GetType().Name}"),
                });
            }

            return results.MoveToImmutable();
        }

        private OperationResult.Nested RunNested(ChosenBranch branch) => new(branch.Succeeded, Run(branch));

        private Record? Put(Operation.Put put)
        {
            var before = state._tree.Find(put.Key.Span);
            var record = new Record(
                put.Key,
                put.KeepsValue ? before!.Value : put.Value,
                before?.Created ?? _revision,
                _revision,
                (before?.Version ?? 0) + 1,
                put.KeepsLease ? before!.Lease : put.Lease);
            state._tree = state._tree.Put(record, out _);
            Follow(record.Key, record, before);
            return before;
        }

        private ImmutableArray<Record> Delete(Operation.Delete delete)
        {
            var records = Matching(delete.Key, delete.End, null);
            foreach (var record in records) Delete(record);
            return records;
        }

        public void Delete(Record record)
        {
            state._tree = state._tree.Remove(record.Key.Span, out var removed);
            Invariant.That(ReferenceEquals(removed, record));
            Follow(record.Key, null, record);
        }

        public void Adopt(AdoptedChange change)
        {
            Record? before;
            state._tree = change.Current is { } current ? state._tree.Put(current, out before) : state._tree.Remove(change.Key.Span, out before);
            if (before is not null || change.Current is not null) Follow(change.Key, change.Current, before);
        }

        private OperationResult.Read Read(Operation.Read read)
        {
            var records = Matching(read.Key, read.End, read.Limit);
            var count = records.Length < read.Limit || read.Limit is null || read.End is not { } end ? records.Length : state._tree.CountIn(read.Key.Span, end.Span);
            return new OperationResult.Read(records, count);
        }

        /// <summary>Leaves everything as it was before the first change.</summary>
        public void Undo() =>
            (state._tree, state._leases, state._recordSum, state._liveBytes) = (_treeBefore, _leasesBefore, _sumBefore, _liveBytesBefore);

        /// <summary>Makes the changes a revision; without any, the store stays at the revision it has.</summary>
        public void Finish()
        {
            if (_changes.Count == 0) return;
            state._history.Append(_changes, state._revision, _treeBefore, _sumBefore, state._recordSum);
            state._revision = _revision;
        }

        private void Follow(ReadOnlyMemory<byte> key, Record? current, Record? previous)
        {
            if (previous is not null) state._recordSum -= StateHashing.Of(previous);
            if (current is not null) state._recordSum += StateHashing.Of(current);
            state._liveBytes += (current?.DataBytes ?? 0) - (previous?.DataBytes ?? 0);
            state._leases = state._leases.Follow(previous, current);
            _changes.Add(new Change(_revision, key, current, previous));
        }

        private ImmutableArray<Record> Matching(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte>? end, int? limit)
        {
            if (end is null) return state._tree.Find(key.Span) is { } record ? [record] : [];
            var range = state._tree.Range(key, end is { IsEmpty: true } ? null : end);
            return limit is { } most ? [.. range.Take(most)] : [.. range];
        }
    }
}
