using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;
using static ControlPlane.Tests.Store.Keys;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Store;

/// <summary>The plain twin of the store: one sorted dictionary a revision, copied whole.</summary>
internal sealed class StoreModel
{
    private readonly List<SortedDictionary<string, Record>> _revisions = [new(StringComparer.Ordinal)];
    private readonly SortedDictionary<long, Lease> _leases = [];
    private long _renewals;

    public long Revision => _revisions.Count - 1;

    public long CompactionFloor { get; private set; }

    public IEnumerable<Lease> Leases => _leases.Values;

    public long QuotaBytes { get; private set; } = StoreState.QuotaBytesUsual;

    public SortedSet<(ulong, AlarmKind)> Alarms { get; } = [];

    public static long BytesOf(IReadOnlyDictionary<string, Record> records) => records.Values.Sum(record => (long)record.Key.Length + record.Value.Length);

    public IReadOnlyDictionary<string, Record> At(long revision) => _revisions[(int)revision];

    /// <summary>What the store must answer, in one line.</summary>
    public string Apply(Command command)
    {
        switch (command)
        {
            case Transaction transaction:
                return Apply(transaction);
            case Batch batch:
                return string.Join(" & ", batch.Transactions.Select(Apply));
            case GrantLease grant:
                if (Alarms.Any(alarm => alarm.Item2 == AlarmKind.NoSpace)) return "refused NoSpace";
                if (_leases.ContainsKey(grant.Lease.Value)) return "named " + grant.Lease;
                _leases.Add(grant.Lease.Value, new Lease(grant.Lease, grant.TimeToLiveSeconds) { Renewal = ++_renewals });
                return "named ";
            case RenewLeases renew:
                return Named(renew.Leases.Where(id => !TryRenew(id)));
            case RevokeLease revoke:
                return Named(TryRevoke(revoke.Lease) ? [] : [revoke.Lease]);
            case ExpireLeases expire:
                return Named(expire.Leases.Where(seen => _leases.GetValueOrDefault(seen.Lease.Value)?.Renewal != seen.Renewal || !TryRevoke(seen.Lease)).Select(seen => seen.Lease));
            case CheckpointLeases checkpoint:
                return Named(checkpoint.Leases.Where(seen => !TryCheckpoint(seen)).Select(seen => seen.Lease.Lease));
            case Compact compact:
                if (compact.Floor.Value > Revision) return "refused InTheFuture";
                CompactionFloor = Math.Max(CompactionFloor, compact.Floor.Value);
                return $"floor {CompactionFloor}";
            case SetQuota quota:
                QuotaBytes = quota.Bytes;
                return $"quota {QuotaBytes}";
            case SetAlarm set:
                if (set.IsRaised) Alarms.Add((set.Alarm.Member, set.Alarm.Kind));
                else Alarms.Remove((set.Alarm.Member, set.Alarm.Kind));
                return $"alarms {Alarms.Count}";
            default:
                throw new InvalidOperationException(command.ToString());
        }
    }

    private static string Named(IEnumerable<LeaseId> leases) => $"named {string.Join(',', leases)}";

    private bool TryRenew(LeaseId id)
    {
        if (!_leases.TryGetValue(id.Value, out var lease)) return false;
        _leases[id.Value] = new Lease(id, lease.TimeToLiveSeconds) { Renewal = ++_renewals };
        return true;
    }

    private bool TryRevoke(LeaseId id)
    {
        if (!_leases.Remove(id.Value)) return false;
        var keys = _revisions[^1].Where(pair => pair.Value.Lease == id).Select(pair => pair.Key).ToList();
        if (keys.Count > 0) _revisions.Add(Without(_revisions[^1], keys));
        return true;
    }

    private bool TryCheckpoint(LeaseCheckpoint seen)
    {
        if (!_leases.TryGetValue(seen.Lease.Lease.Value, out var lease) || lease.Renewal != seen.Lease.Renewal) return false;
        if (seen.RemainingSeconds < 1 || seen.RemainingSeconds >= lease.RemainingSeconds) return false;
        _leases[lease.Id.Value] = lease with { RemainingSeconds = seen.RemainingSeconds };
        return true;
    }

    private string Apply(Transaction transaction)
    {
        var succeeded = transaction.Compares.All(compare => compare is Compare.ModifiedRevision modified
            && (_revisions[^1].GetValueOrDefault(Text(compare.Key))?.Modified.Value ?? 0) == modified.Target.Value);
        var operations = succeeded ? transaction.Success : transaction.Failure;
        if (IsChangedTwice(transaction.Success) || IsChangedTwice(transaction.Failure)) return "refused ChangedTwice";
        if (Alarms.Any(alarm => alarm.Item2 == AlarmKind.Corrupt)) return "refused Corrupt";
        if (operations.OfType<Operation.Put>().Any(put => put.Lease != LeaseId.None && !_leases.ContainsKey(put.Lease.Value))) return "refused NoSuchLease";

        var next = new SortedDictionary<string, Record>(_revisions[^1], StringComparer.Ordinal);
        var revision = Revision + 1;
        var isMutated = false;
        var answers = new List<string>();
        foreach (var operation in operations)
        {
            switch (operation)
            {
                case Operation.Put put:
                    next.TryGetValue(Text(put.Key), out var previous);
                    next[Text(put.Key)] = new Record(
                        put.Key, put.Value, previous?.Created ?? new Revision(revision), new Revision(revision), (previous?.Version ?? 0) + 1, put.Lease);
                    answers.Add($"put over {previous?.Modified}");
                    isMutated = true;
                    break;
                case Operation.Delete delete:
                    var deleted = Matching(next, delete.Key, delete.End);
                    foreach (var record in deleted) next.Remove(Text(record.Key));
                    isMutated |= deleted.Count > 0;
                    answers.Add($"deleted {string.Join(',', deleted.Select(record => Text(record.Key)))}");
                    break;
                case Operation.Read read:
                    answers.Add($"read {string.Join(',', Matching(next, read.Key, read.End).Take(read.Limit ?? int.MaxValue).Select(record => Text(record.Key)))}");
                    break;
            }
        }

        if (BytesOf(next) > QuotaBytes && BytesOf(next) > BytesOf(_revisions[^1])) return "refused NoSpace";
        if (isMutated) _revisions.Add(next);
        return $"{succeeded} {Revision} {string.Join(' ', answers)}";
    }

    private static bool IsChangedTwice(IReadOnlyList<Operation> operations)
    {
        var puts = operations.OfType<Operation.Put>().Select(put => Text(put.Key)).ToList();
        return puts.Distinct().Count() < puts.Count
            || operations.OfType<Operation.Delete>().Any(delete => puts.Any(key => IsWithin(key, delete.Key, delete.End)));
    }

    private static List<Record> Matching(SortedDictionary<string, Record> records, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte>? end) =>
        [.. records.Where(pair => IsWithin(pair.Key, key, end)).Select(pair => pair.Value)];

    private static bool IsWithin(string key, ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) => end is { } bound
        ? string.CompareOrdinal(key, Text(start)) >= 0 && string.CompareOrdinal(key, Text(bound)) < 0
        : key == Text(start);

    private static SortedDictionary<string, Record> Without(SortedDictionary<string, Record> source, List<string> keys)
    {
        var copy = new SortedDictionary<string, Record>(source, StringComparer.Ordinal);
        foreach (var key in keys) copy.Remove(key);
        return copy;
    }
}
