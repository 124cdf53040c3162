using ControlPlane.Raft;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Worlds;

/// <summary>Strikes at random, as the plan allows, until it is told to stop; then the world is good.</summary>
internal sealed class Nemesis
{
    private const int CalmLatencyMicrosecondsMax = 1_000;
    private const int CalmDiskMicrosecondsMax = 1_000;

    private readonly SimulatedCluster _cluster;
    private readonly List<(int Weight, Action Strike)> _strikes = [];
    private readonly int _weightSum;

    public Nemesis(SimulatedCluster cluster)
    {
        _cluster = cluster;
        var plan = cluster.Plan;
        Add(plan.HasCrashes || plan.HasPowerCuts, 4, CrashOne);
        Add(plan.HasCrashes || plan.HasPowerCuts, 4, CrashWithin);
        Add(plan.HasCrashes || plan.HasPowerCuts, 2, CrashSeveral);
        Add(plan.HasPartitions && !plan.IsStable, 3, CutIntoTwo);
        Add(plan.HasPartitions && !plan.IsStable, 2, CutOneWay);
        Add(plan.HasPartitions && !plan.IsStable, 2, IsolateLeader);
        Add(plan.HasPartitions && !plan.IsStable, 2, CutLinks);
        Add(plan.HasPartitions && !plan.IsStable, 2, SlowLinks);
        Add(plan.HasPartitions, 3, IsolateFollower);
        Add(plan.HasPartitions, 6, _cluster.Network.Heal);
        Add(plan.HasPauses, 4, Pause);
        Add(plan.HasStalls, 3, Stall);
        Add(plan.HasFullDisks, 3, FillDisk);
        Add(plan.HasDiskErrors, 3, FailDisk);
        Add(plan.HasClockJumps, 3, Jump);
        Add(plan.HasTransfers, 5, Transfer);
        Add(true, 1, static () => { });
        _weightSum = _strikes.Sum(strike => strike.Weight);
    }

    /// <summary>The faults have stopped.</summary>
    public bool IsCalm { get; private set; }

    public double Loss => IsCalm ? 0 : _cluster.Plan.Loss;

    public double Duplication => IsCalm ? 0 : _cluster.Plan.Duplication;

    public double LateDuplication => IsCalm ? 0 : _cluster.Plan.LateDuplication;

    public int LatencyMicrosecondsMax => IsCalm ? CalmLatencyMicrosecondsMax : _cluster.Plan.LatencyMicrosecondsMax;

    public int DiskMicrosecondsMax => IsCalm ? CalmDiskMicrosecondsMax : _cluster.Plan.DiskMicrosecondsMax;

    public bool HasSlowSnapshots => !IsCalm && _cluster.Plan.HasSlowSnapshots;

    private SeededRandom Random => _cluster.Random;

    public void Begin() => _cluster.Schedule.After(Random.Between(10_000, _cluster.Plan.StrikeMicrosecondsMax), () =>
    {
        if (IsCalm) return;
        var at = Random.Below(_weightSum);
        foreach (var (weight, strike) in _strikes)
        {
            at -= weight;
            if (at >= 0) continue;
            strike();
            break;
        }

        Begin();
    });

    public void Stop()
    {
        IsCalm = true;
        _cluster.Trace.Story?.Add("calm");
        _cluster.Network.Heal();
        foreach (var member in _cluster.Members) member.Calm();
    }

    private void Add(bool isAllowed, int weight, Action strike)
    {
        if (isAllowed) _strikes.Add((weight, strike));
    }

    /// <summary>Half the time whoever leads: that is where it hurts.</summary>
    private SimulatedMember Victim() => Random.Chance(0.5) && Leader() is { } leader ? leader : Random.Pick(_cluster.Members);

    private SimulatedMember? Leader() => _cluster.Members.Where(member => member.Running?.Core.Node.Role == Role.Leader).MaxBy(member => member.Running!.Core.Node.Term);

    private bool IsPowerCut() => _cluster.Plan.HasPowerCuts && (!_cluster.Plan.HasCrashes || Random.Chance(0.5));

    private void CrashOne()
    {
        if (Victim() is { Running: not null } victim) victim.Crash(IsPowerCut());
    }

    /// <summary>Dies inside one of its next disk operations.</summary>
    private void CrashWithin()
    {
        if (Victim() is { Running: not null } victim) victim.Directory.CrashAfterOperations = Random.Below(40);
    }

    private void CrashSeveral()
    {
        var isPowerCut = IsPowerCut();
        var isAll = Random.Chance(0.4);
        foreach (var member in _cluster.Members.Where(member => member.Running is not null && (isAll || Random.Chance(0.5)))) member.Crash(isPowerCut);
    }

    private void CutIntoTwo()
    {
        _cluster.Network.Heal();
        var side = _cluster.Members.Where(_ => Random.Chance(0.5)).ToHashSet();
        CutWhere((from, to) => side.Contains(from) != side.Contains(to));
    }

    /// <summary>Somebody speaks and does not hear, or hears and does not speak: what heartbeats say and what elections say differ.</summary>
    private void CutOneWay()
    {
        _cluster.Network.Heal();
        var victim = Victim();
        var isDeaf = Random.Chance(0.5);
        CutWhere((from, to) => (isDeaf ? to : from) == victim);
        _cluster.Probe(victim);
    }

    private void CutLinks()
    {
        _cluster.Network.Heal();
        CutWhere((_, _) => Random.Chance(0.3));
    }

    private void IsolateLeader()
    {
        if (IsCalm) return;
        _cluster.Network.Heal();
        if (Leader() is not { } leader) return;
        CutWhere((from, to) => from == leader || to == leader);
        _cluster.Probe(leader);
    }

    private void IsolateFollower()
    {
        _cluster.Network.Heal();
        if (Leader() is not { } leader || _cluster.Members.Count < 3) return;
        var victim = Random.Pick(_cluster.Members.Where(member => member != leader).ToList());
        CutWhere((from, to) => from == victim || to == victim);
    }

    private void SlowLinks()
    {
        foreach (var from in _cluster.Members)
        {
            foreach (var to in _cluster.Members.Where(to => to != from && Random.Chance(0.3))) _cluster.Network.Slow(from.Id, to.Id, Random.Between(100_000, 2_000_000));
        }
    }

    private void CutWhere(Func<SimulatedMember, SimulatedMember, bool> isCut)
    {
        foreach (var from in _cluster.Members)
        {
            foreach (var to in _cluster.Members.Where(to => to != from && isCut(from, to))) _cluster.Network.Cut(from.Id, to.Id);
        }

        _cluster.Trace.Story?.Add($"{_cluster.Network.CutCount} links are cut");
    }

    private void Pause()
    {
        var victim = Victim();
        var microseconds = Random.Chance(0.8) ? Random.Between(100_000, 3_000_000) : Random.Between(3_000_000, 30_000_000);
        victim.Pause(microseconds);
        _cluster.Probe(victim);
        _cluster.Trace.Story?.Add($"{victim.Name} pauses for {microseconds / 1_000_000.0:F1} s");
    }

    private void Stall()
    {
        var victim = Victim();
        victim.Stall(Random.Between(100_000, 3_000_000), Random.Between(1_000_000, 10_000_000));
        _cluster.Trace.Story?.Add($"{victim.Name}'s disk stalls");
    }

    private void FillDisk()
    {
        var victim = Victim();
        victim.Directory.IsFull = true;
        _cluster.Trace.Story?.Add($"{victim.Name}'s disk is full");
        _cluster.Schedule.After(Random.Between(500_000, 8_000_000), () => victim.Directory.IsFull = false);
    }

    private void FailDisk()
    {
        if (Victim() is { Running: not null } victim) victim.Directory.FailAfterOperations = Random.Below(30);
    }

    private void Jump()
    {
        var victim = Victim();
        var ticks = Random.Below(30) + 1;
        victim.JumpAhead(ticks);
        _cluster.Trace.Story?.Add($"{victim.Name}'s clock jumps ahead by {ticks} ticks");
    }

    private void Transfer()
    {
        if (Leader() is not { } leader) return;
        leader.Post(new TurnInput.Transfer(Random.Pick(_cluster.Members).Id));
        // Gone from the network the moment it has handed over, or has not: what does it still answer?
        if (_cluster.Plan.HasPartitions && Random.Chance(0.5)) _cluster.Schedule.After(Random.Between(1_000, 400_000), IsolateLeader);
        _cluster.Probe(leader);
    }
}
