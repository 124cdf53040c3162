using System.Text;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Simulation.Clusters;

/// <summary>Clients that write, read, and remember every promise they were given.</summary>
internal sealed class Clients(SimulatedCluster cluster)
{
    // Every write has a key of its own: at the end its record tells whether it was applied not at all, once, or twice.
    private readonly Dictionary<string, ProposalOutcome?> _writes = [];
    private readonly List<string> _lastPuts = [];
    private bool _isStopped;
    private int _number;
    private int _readCount;
    private int _unavailableCount;

    public bool AreLastPutsCommitted => _lastPuts.All(key => _writes[key] is ProposalOutcome.Committed);

    public void Begin() => cluster.Schedule.After(cluster.Random.Between(100, 40_000), () =>
    {
        if (_isStopped) return;
        var member = cluster.Random.Pick(cluster.Members);
        if (cluster.Random.Chance(0.3)) Read(member);
        else Write(member);
        Begin();
    });

    public void Stop() => _isStopped = true;

    public void PutThroughEveryMember()
    {
        foreach (var member in cluster.Members) _lastPuts.Add(Write(member));
    }

    /// <summary>Every promise, against the state that all members share in the end.</summary>
    public void CheckOutcomes(StoreView view)
    {
        foreach (var (key, outcome) in _writes)
        {
            var record = view.Get(Encoding.UTF8.GetBytes(key));
            switch (outcome)
            {
                case ProposalOutcome.Committed(TransactionResult result):
                    Checkers.That(record is not null, $"acknowledged writes survive: {key} is gone");
                    Checkers.That(record!.Modified == result.Revision, $"acknowledged writes keep their revision: {key}");
                    break;
                case ProposalOutcome.NotLeader or ProposalOutcome.Rejected:
                    Checkers.That(record is null, $"refused writes never happen: {key} is there after {outcome}");
                    break;
            }

            Checkers.That(record is null or { Version: 1 }, $"a write is applied once: {key} has version {record?.Version}");
        }
    }

    public string Describe() =>
        $"{_writes.Count} writes ({_writes.Values.Count(outcome => outcome is ProposalOutcome.Committed)} acknowledged, " +
        $"{_writes.Values.Count(outcome => outcome is ProposalOutcome.NotLeader or ProposalOutcome.Rejected)} refused), {_readCount} reads, {_unavailableCount} unavailable";

    public string DescribeLastPuts() => string.Join(", ", _lastPuts.Select(key => $"{key}: {_writes[key]?.ToString() ?? "open"}"));

    private string Write(SimulatedMember member)
    {
        var key = $"w{_number++}";
        _writes.Add(key, null);
        var seen = cluster.Checkers.Seen;
        var bytes = Encoding.UTF8.GetBytes(key);
        var command = CommandCodec.Encode(new Transaction([], [new Operation.Put(bytes, bytes, LeaseId.None)], []));
        member.Post(new TurnInput.Propose(command, outcome =>
        {
            Checkers.That(_writes[key] is null, $"one answer a call: {key}");
            _writes[key] = outcome;
            if (outcome is ProposalOutcome.Committed(TransactionResult result)) cluster.Checkers.Completed($"put {key}", result.Revision, seen, isWrite: true);
        }));
        return key;
    }

    private void Read(SimulatedMember member)
    {
        var seen = cluster.Checkers.Seen;
        member.Post(new TurnInput.Read(view =>
        {
            if (view is null)
            {
                _unavailableCount++;
                return;
            }

            _readCount++;
            cluster.Checkers.Completed($"read at {member.Name}", view.Revision, seen, isWrite: false);
        }));
    }
}
