using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica;
using ControlPlane.Simulation.Checking;
using ControlPlane.Simulation.Clients;
using ControlPlane.Simulation.Worlds;
using ControlPlane.Wal.Members;

namespace ControlPlane.Simulation.Clusters;

/// <summary>Members, the network between them, clients, watchers and a nemesis; one thread, one seed.</summary>
internal sealed class SimulatedCluster
{
    private const long CalmMicrosecondsMax = 60_000_000;
    private const long GlanceMicroseconds = 50_000;

    private readonly List<SimulatedMember> _members = [];
    private readonly Dictionary<ReplicaId, SimulatedMember> _byId = [];
    private readonly HashSet<ReplicaId> _removed = [];
    private readonly Guid _clusterId;
    private readonly List<WatchChecker> _watchers = [];
    private readonly Workload _workload;

    /// <param name="isTold">Whether <see cref="Trace"/> keeps its story; what happens is the same.</param>
    public SimulatedCluster(ulong seed, bool isTold)
    {
        Random = new SeededRandom(seed);
        Plan = WorldPlan.Draw(Random);
        Trace = new Trace(Schedule, isTold);
        Checkers = new Checkers(this);
        Network = new Network(this);
        Nemesis = new Nemesis(this);
        PeerAddress[] addresses = [.. Enumerable.Range(1, Plan.MemberCount).Select(number => new PeerAddress($"s{number}", $"s{number}:1"))];
        _clusterId = ClusterIdentity.IdOf(addresses.Select(address => address.Name));
        foreach (var address in addresses) Add(new SimulatedMember(this, ClusterIdentity.Of(address.Name, addresses)));
        _workload = new Workload(this);
    }

    public SeededRandom Random { get; }

    public WorldPlan Plan { get; }

    public Schedule Schedule { get; } = new();

    public Trace Trace { get; }

    public Checkers Checkers { get; }

    public Network Network { get; }

    public Nemesis Nemesis { get; }

    /// <summary>Those that were not removed.</summary>
    public IReadOnlyList<SimulatedMember> Members => _members;

    /// <summary>The members that the present leader counts as the group's and that have a machine; empty while nobody leads.</summary>
    public IReadOnlyList<SimulatedMember> Group
    {
        get
        {
            var leader = _members.Where(member => member.Running?.Core.Node is { Role: Role.Leader, IsReady: true }).MaxBy(member => member.Running!.Core.Node.Term);
            return leader is null ? [] : [.. leader.Running!.Core.Node.Configuration.Members.Select(member => Find(member.Id)).OfType<SimulatedMember>()];
        }
    }

    public SimulatedMember? Find(ReplicaId id) => _byId.GetValueOrDefault(id);

    /// <summary>Something was done to this member: its clients notice what it answers now, while others write elsewhere.</summary>
    public void Probe(SimulatedMember member) => _workload.Probe(member);

    /// <summary>A machine that was added starts for the first time: somebody tells it the group as it is committed.</summary>
    public void Join(ReplicaId id, string name)
    {
        var group = _members.Select(member => member.Running?.Committed).FirstOrDefault(committed => committed?.Members.Any(member => member.Id == id) == true);
        if (group is null || _removed.Contains(id) || _byId.ContainsKey(id)) return;
        var member = new SimulatedMember(this, new ClusterIdentity(new MemberIdentity(_clusterId, id.Value, name), group));
        Add(member);
        member.Start();
        _watchers[^1].Begin();
    }

    /// <summary>A change of the group is committed, as one member knows.</summary>
    public void Followed(Configuration committed)
    {
        foreach (var id in committed.Removed) _removed.Add(id);
        foreach (var member in committed.Members) Promise.That(!committed.Removed.Contains(member.Id), member, static m => $"ids are never used again: {m.Name}");
    }

    /// <summary>The member has learned that it was removed.</summary>
    public void Retire(SimulatedMember member)
    {
        if (!_members.Remove(member)) return;
        Trace.Story?.Add($"{member.Name} learns that it was removed");
        member.Retire();
    }

    public string NameOf(MemberId? id) => id is { } known ? Find(new ReplicaId(known.Value))?.Name ?? $"{known}" : "nobody";

    /// <summary>How long a disk operation of this member takes now.</summary>
    public long DiskDelay(SimulatedMember member)
    {
        var delay = Random.Between(50, Nemesis.DiskMicrosecondsMax);
        return member.StalledUntil > Schedule.Now ? delay + Random.Between(0, member.StallMicroseconds) : delay;
    }

    /// <summary>A process is no more: whoever waits for it learns nothing.</summary>
    public void Ended(SimulatedProcess process) => _workload.Ended(process);

    /// <summary>Runs the faulty time and then the calm one, in which the group must converge and serve.</summary>
    /// <exception cref="SimulationFailedException">A promise was broken, or something threw.</exception>
    public void Run()
    {
        try
        {
            foreach (var member in _members) member.Start();
            _workload.Begin();
            foreach (var watcher in _watchers) watcher.Begin();
            Nemesis.Begin();
            while (Schedule.Now < Plan.FaultyMicroseconds) Step();
            Nemesis.Stop();
            _workload.Stop();
            Await(IsConverged, "converges");
            Await(() => _workload.AreLeasesOver, "ends leases");
            Await(() => _workload.AreLastPutsCommitted() && IsConverged(), "serves");
            var view = Group[0].Running!.View;
            _workload.CheckOutcomes(view);
            Checkers.States.RequireModel(view);
            Trace.Count(view.StateHash);
        }
        catch (Exception problem)
        {
            throw new SimulationFailedException(Describe(), problem);
        }
    }

    public string Describe() =>
        $"{Checkers.Describe()}; {_workload.Describe()}; {_watchers.Sum(watcher => watcher.EventCount)} events watched, {_watchers.Sum(watcher => watcher.RelistCount)} lists again; "
        + $"{Schedule.Now / 1_000_000.0:F1} s in {Schedule.StepCount} steps; {Plan}";

    private void Add(SimulatedMember member)
    {
        _members.Add(member);
        _byId.Add(member.Id, member);
        _watchers.Add(new WatchChecker(this, member));
    }

    private void Step() => Promise.That(Schedule.TryStep(), "there is always something to do");

    private void Await(Func<bool> isReached, string what)
    {
        var deadline = Schedule.Now + CalmMicrosecondsMax;
        while (!isReached())
        {
            Promise.That(Schedule.Now < deadline, $"without faults the group {what}: {_workload.DescribeLastPuts()}\n{DescribeMembers()}");
            var glance = Schedule.Now + GlanceMicroseconds;
            while (Schedule.Now < glance) Step();
        }
    }

    private bool IsConverged()
    {
        SimulatedProcess? first = null;
        var leaderCount = 0;
        foreach (var member in Group)
        {
            if (member.Running is not { } process || process.Core.OpenProposalCount > 0) return false;
            if (process.Core.Node is { Role: Role.Leader, IsReady: true, Configuration.IsJoint: false }) leaderCount++;
            first ??= process;
            if (process.Core.Node.Applied != first.Core.Node.Applied || process.View.Revision != first.View.Revision || process.View.StateHash != first.View.StateHash) return false;
        }

        return leaderCount == 1;
    }

    private string DescribeMembers() => string.Join('\n', _members.Select(member => member.Running is { Core.Node: var node }
        ? $"{member.Name}: {node.Role} of {node.Configuration.Voters.Length}+{node.Configuration.Learners.Length}, term {node.Term}, log {node.CompactedTo}..{node.LastIndex}, durable {node.Durable}, commit {node.Commit}, applied {node.Applied}, open {member.Running.Core.OpenProposalCount}"
        : $"{member.Name}: down"));
}

/// <summary>Carries what a reader needs beside the seed.</summary>
internal sealed class SimulationFailedException(string description, Exception inner) : Exception($"{inner.Message}\n{description}", inner);
