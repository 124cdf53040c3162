using System.Text;
using ControlPlane.Harness.Histories;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Checking;
using ControlPlane.Simulation.Clusters;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Simulation.Clients;

/// <summary>All clients, and what they were promised.</summary>
internal sealed class Workload
{
    private const string LastKey = "last";

    private readonly SimulatedCluster _cluster;
    private readonly List<Client> _clients = [];
    private readonly List<LeaseHolder> _holders = [];
    private readonly Operator _operator;
    private readonly List<Call> _history = [];

    // Every one of these writes has a key of its own: at the end its record tells whether it was applied not at all, once, or twice.
    private readonly List<UniqueWrite> _writes = [];
    private readonly Dictionary<SimulatedMember, UniqueWrite> _lastPuts = [];
    private readonly Dictionary<SimulatedProcess, List<Action>> _waiting = [];
    private int _readCount;

    public Workload(SimulatedCluster cluster)
    {
        _cluster = cluster;
        _operator = new Operator(cluster, this);
        for (var number = 0; number < cluster.Plan.ClientCount; number++) _clients.Add(new Client(cluster, this, number));
        for (var number = 0; number < cluster.Plan.LeaseHolderCount; number++) _holders.Add(new LeaseHolder(cluster, this, number + 1));
    }

    public bool IsStopped { get; private set; }

    /// <summary>The highest revision that any completed operation has shown to a client.</summary>
    public Revision Seen { get; private set; }

    /// <summary>Every member has had a write acknowledged since the faults stopped. One that ended otherwise is tried again: what a member learns from a snapshot
    /// it can not answer for.</summary>
    public bool AreLastPutsCommitted()
    {
        foreach (var member in _cluster.Group)
        {
            if (!_lastPuts.TryGetValue(member, out var put) || put.Outcome is not (null or ProposalOutcome.Committed)) _lastPuts[member] = Write(member);
        }

        return _cluster.Group is { Count: > 0 } group && group.All(member => _lastPuts[member].Outcome is ProposalOutcome.Committed);
    }

    public bool AreLeasesOver => _holders.All(holder => holder.IsOver);

    public void Begin()
    {
        foreach (var client in _clients) client.Begin();
        foreach (var holder in _holders) holder.Begin();
        if (_cluster.Plan.HasMembershipChanges) _operator.Begin();
        WriteSometimes();
        CompactSometimes();
    }

    public void Stop() => IsStopped = true;

    /// <summary>A process is no more; its callers have lost their connection.</summary>
    public void Ended(SimulatedProcess process)
    {
        if (!_waiting.Remove(process, out var waiting)) return;
        foreach (var lost in waiting) lost();
    }

    /// <summary>Proposes at a member. The callback hears once: an outcome, or null when the connection was lost before one came.</summary>
    /// <returns>False when nobody listens there; then nothing was proposed.</returns>
    public bool TryPropose(SimulatedMember member, Command command, Action<ProposalOutcome?> complete)
    {
        if (member.Running is not { } process) return false;
        var call = Open(process, () => complete(null));
        member.Post(new TurnInput.Propose(CommandCodec.Encode(command), outcome =>
        {
            Promise.That(process.IsAlive, "nobody hears of a process that is dead");
            Promise.That(call.TryEnd(), "one answer a call");
            complete(outcome);
        }));
        return true;
    }

    /// <summary>Asks a member for a linearizable state; null when it could not have one, or the connection was lost.</summary>
    public bool TryRead(SimulatedMember member, Action<StoreView?> complete)
    {
        if (member.Running is not { } process) return false;
        var seen = Seen;
        var call = Open(process, () => complete(null));
        member.Post(new TurnInput.Read(view =>
        {
            Promise.That(call.TryEnd(), "one answer a call");
            if (view is not null) Check(member, view, seen);
            complete(view);
        }));
        return true;
    }

    public void Record(Call call) => _history.Add(call);

    /// <summary>An operation ended with a revision. It must not be older than what had ended before it began: that, and equal states at equal
    /// revisions, is linearizability of the whole store, known at once.</summary>
    public void Completed(string operation, Revision revision, Revision seenAtStart, bool isWrite)
    {
        Promise.That(isWrite ? revision > seenAtStart : revision >= seenAtStart, (operation, revision, seenAtStart),
            static it => $"linearizable: {it.operation} ended at revision {it.revision}, but {it.seenAtStart} was seen before it began");
        if (revision > Seen) Seen = revision;
    }

    /// <summary>Every promise, against the state that all members share in the end.</summary>
    public void CheckOutcomes(StoreView view)
    {
        // Whoever still waits, at a member that left, learns nothing any more.
        foreach (var lost in _waiting.Values.SelectMany(static waiting => waiting).ToList()) lost();
        foreach (var write in _writes)
        {
            var record = view.Get(write.Key);
            switch (write.Outcome)
            {
                case ProposalOutcome.Committed(TransactionResult result):
                    Promise.That(record is not null, write, static w => $"acknowledged writes survive: {w.Name} is gone");
                    Promise.That(record!.Modified == result.Revision, write, static w => $"acknowledged writes keep their revision: {w.Name}");
                    break;
                case ProposalOutcome.NotLeader or ProposalOutcome.Rejected:
                    Promise.That(record is null, write, static w => $"refused writes never happen: {w.Name} is there after {w.Outcome}");
                    break;
            }

            Promise.That(record is null or { Version: 1 }, write, static w => $"a write is applied once: {w.Name}");
        }

        var now = _cluster.Schedule.Now;
        foreach (var key in _history.Select(call => call.Key).Distinct().Order(StringComparer.Ordinal).ToList())
        {
            // What the members agree on in the end is one read more: acknowledged writes must explain it.
            var value = Values.TokenOf(view.Get(Encoding.UTF8.GetBytes(key)));
            Outcome outcome = Values.IsList(key) ? new Outcome.Listed(Values.ElementsOf(value)) : new Outcome.Found(value);
            _history.Add(new Call(-1, key, new Request.Read(), now, now + 1, outcome));
        }

        var verdict = LinearizabilityChecker.Check(_history);
        Promise.That(verdict is Verdict.Linearizable, $"the history is linearizable: {verdict}");
    }

    public string Describe() =>
        $"{_writes.Count} single writes ({_writes.Count(write => write.Outcome is ProposalOutcome.Committed)} acknowledged), {_readCount} reads, "
        + $"{_history.Count} calls in the history ({_history.Count(call => call.Outcome is Outcome.Unknown)} unknown), {_holders.Sum(holder => holder.RenewalCount)} renewals, {_operator.ChangeCount} changes of the group";

    public string DescribeLastPuts() => string.Join(", ", _lastPuts.Values.Select(put => $"{put.Name}: {put.Outcome?.ToString() ?? "open"}"));

    private void Check(SimulatedMember member, StoreView view, Revision seen)
    {
        _readCount++;
        Completed("a read", view.Revision, seen, isWrite: false);
        _cluster.Checkers.States.RequireHash(member, view);
        if (_cluster.Random.Chance(0.1) && view.At(new Revision(Math.Max(0, view.Revision.Value - _cluster.Random.Below(12)))) is { } earlier)
        {
            _cluster.Checkers.States.RequireHash(member, earlier);
        }

        // Both keys of a write are there, or neither.
        if (view.Get(Encoding.UTF8.GetBytes(LastKey)) is { } last) Promise.That(view.Get(last.Value.Span) is not null, "a transaction is whole or nothing");
    }

    /// <summary>Reads at one member and writes at others for a few seconds: were it to answer on its own word, somebody would see it.</summary>
    public void Probe(SimulatedMember member)
    {
        const int rounds = 12;
        for (var round = 0; round < rounds; round++)
        {
            _cluster.Schedule.After(_cluster.Random.Between(0, 3_500_000), () =>
            {
                if (IsStopped) return;
                if (_cluster.Random.Chance(0.5)) TryRead(member, static _ => { });
                else Write(_cluster.Random.Pick(_cluster.Members));
            });
        }
    }

    private void WriteSometimes() => _cluster.Schedule.After(_cluster.Random.Between(20_000, 400_000), () =>
    {
        if (IsStopped) return;
        Write(_cluster.Random.Pick(_cluster.Members));
        WriteSometimes();
    });

    private void CompactSometimes() => _cluster.Schedule.After(_cluster.Random.Between(500_000, 6_000_000), () =>
    {
        if (IsStopped) return;
        var floor = new Revision(Math.Max(0, Seen.Value - _cluster.Random.Below(30)));
        TryPropose(_cluster.Random.Pick(_cluster.Members), new Compact(floor), static _ => { });
        CompactSometimes();
    });

    private UniqueWrite Write(SimulatedMember member)
    {
        var write = new UniqueWrite($"w{_writes.Count}");
        _writes.Add(write);
        var seen = Seen;
        var transaction = new Transaction(
            [], [new Operation.Put(write.Key, write.Key, LeaseId.None), new Operation.Put(Encoding.UTF8.GetBytes(LastKey), write.Key, LeaseId.None)], []);
        var isProposed = TryPropose(member, transaction, outcome =>
        {
            write.Outcome = outcome ?? new ProposalOutcome.Unknown("the connection was lost");
            if (outcome is ProposalOutcome.Committed(TransactionResult result)) Completed("a put", result.Revision, seen, isWrite: true);
        });
        if (!isProposed) write.Outcome = new ProposalOutcome.NotLeader(null);
        return write;
    }

    private OpenCall Open(SimulatedProcess process, Action lost)
    {
        var call = new OpenCall();
        if (!_waiting.TryGetValue(process, out var waiting)) _waiting.Add(process, waiting = []);
        // Ended calls are swept now and then, so that the list stays as long as there are open ones.
        if (waiting.Count > 256) waiting.RemoveAll(static ended => ((OpenCall)ended.Target!).HasEnded);
        call.Lost = lost;
        waiting.Add(call.Lose);
        return call;
    }

    private sealed class UniqueWrite(string name)
    {
        public string Name { get; } = name;

        public byte[] Key { get; } = Encoding.UTF8.GetBytes(name);

        public ProposalOutcome? Outcome { get; set; }
    }

    private sealed class OpenCall
    {
        public bool HasEnded { get; private set; }

        public Action Lost { get; set; } = static () => { };

        public bool TryEnd()
        {
            if (HasEnded) return false;
            HasEnded = true;
            return true;
        }

        public void Lose()
        {
            if (TryEnd()) Lost();
        }
    }
}
