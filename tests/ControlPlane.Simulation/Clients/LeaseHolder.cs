using System.Text;
using ControlPlane.Replica;
using ControlPlane.Simulation.Checking;
using ControlPlane.Simulation.Clusters;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;

namespace ControlPlane.Simulation.Clients;

/// <summary>Holds one lease after another, renews each for a while and lets it go. A key under the lease shows when it ends: never before its time after the
/// last acknowledged renewal, by the clock of the world.</summary>
internal sealed class LeaseHolder
{
    private const long MicrosecondsPerSecond = 1_000_000;

    private readonly SimulatedCluster _cluster;
    private readonly Workload _workload;
    private readonly int _number;
    private Holding? _holding;
    private int _holdingCount;

    public LeaseHolder(SimulatedCluster cluster, Workload workload, int number)
    {
        (_cluster, _workload, _number) = (cluster, workload, number);
        cluster.Checkers.States.Changed += Follow;
    }

    public int RenewalCount { get; private set; }

    /// <summary>The lease that was held last is no more, or never was.</summary>
    public bool IsOver => _holding is not { IsKeyThere: true };

    public void Begin() => _cluster.Schedule.After(_cluster.Random.Between(10_000, 1_500_000), () =>
    {
        if (_workload.IsStopped) return;
        // The key of the last one must go before the next begins, so that one ending is one lease's.
        if (!IsOver)
        {
            Begin();
            return;
        }

        var holding = _holding = new Holding(
            new LeaseId((_number * 1_000) + ++_holdingCount), _cluster.Random.Between(1, 3), $"lease{_number}.{_holdingCount}", _cluster.Random.Below(5));
        holding.RenewedAt = _cluster.Schedule.Now;
        var isProposed = _workload.TryPropose(Member(), new GrantLease(holding.Lease, holding.TimeToLiveSeconds), outcome =>
        {
            if (outcome is ProposalOutcome.Committed(LeaseResult { Unknown.IsEmpty: true })) PutKey(holding);
            else Begin();
        });
        if (!isProposed) Begin();
    });

    private void PutKey(Holding holding)
    {
        var key = Encoding.UTF8.GetBytes(holding.Key);
        var isProposed = _workload.TryPropose(Member(), new Transaction([], [new Operation.Put(key, key, holding.Lease)], []), outcome => Continue(holding));
        if (!isProposed) Begin();
    }

    private void Continue(Holding holding) => _cluster.Schedule.After(_cluster.Random.Between(100_000, MicrosecondsPerSecond), () =>
    {
        if (_workload.IsStopped) return;
        if (holding.RenewalsLeft-- <= 0)
        {
            Begin();
            return;
        }

        var invokedAt = _cluster.Schedule.Now;
        var isProposed = _workload.TryPropose(Member(), new RenewLeases([holding.Lease]), outcome =>
        {
            if (outcome is ProposalOutcome.Committed(LeaseResult { Unknown.IsEmpty: true }))
            {
                RenewalCount++;
                // It took effect between the call and the answer; only from the call on is certain.
                holding.RenewedAt = Math.Max(holding.RenewedAt, invokedAt);
                Promise.That(holding.EndedAt is not { } ended || ended >= invokedAt, holding, static h => $"a lease that ended is not renewed: {h.Key}");
            }

            Continue(holding);
        });
        if (!isProposed) Continue(holding);
    });

    private void Follow(Change change)
    {
        if (_holding is not { } holding || Encoding.UTF8.GetString(change.Key.Span) != holding.Key) return;
        holding.IsKeyThere = change.Current is not null;
        if (change.Current is not null) return;
        holding.EndedAt = _cluster.Schedule.Now;
        // A clock that jumps ahead counts seconds that never were; then a lease may be early.
        if (_cluster.Plan.HasClockJumps) return;
        var lived = _cluster.Schedule.Now - holding.RenewedAt;
        var least = holding.TimeToLiveSeconds * MicrosecondsPerSecond * (1 - _cluster.Plan.DriftMax);
        Promise.That(lived >= least, (holding, lived),
            static it => $"leases are never early: {it.holding.Key} of {it.holding.TimeToLiveSeconds} s ended {it.lived / 1_000_000.0:F3} s after it was renewed");
    }

    private SimulatedMember Member() => _cluster.Random.Pick(_cluster.Members);

    private sealed class Holding(LeaseId lease, long timeToLiveSeconds, string key, int renewalCount)
    {
        public LeaseId Lease { get; } = lease;

        public long TimeToLiveSeconds { get; } = timeToLiveSeconds;

        public string Key { get; } = key;

        public int RenewalsLeft { get; set; } = renewalCount;

        public long RenewedAt { get; set; }

        public long? EndedAt { get; set; }

        public bool IsKeyThere { get; set; }
    }
}
