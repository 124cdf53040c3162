using ControlPlane.Raft;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Simulation.Clusters;

/// <summary>Members, the network between them, clients, and a nemesis; one thread, one seed.</summary>
internal sealed class SimulatedCluster
{
    private const long FaultyMicroseconds = 8_000_000;
    private const long CalmMicrosecondsMax = 60_000_000;

    private readonly HashSet<(ReplicaId From, ReplicaId To)> _cutLinks = [];
    private readonly List<string> _log = [];
    private readonly Clients _clients;
    private readonly List<SimulatedMember> _members = [];

    public SimulatedCluster(ulong seed)
    {
        Random = new SeededRandom(seed);
        Checkers = new Checkers(this);
        Faults = Faults.Draw(Random);
        SnapshotEntries = Random.Pick([20, 60, 1_000]);
        var count = Random.Pick([3, 3, 5]);
        PeerAddress[] addresses = [.. Enumerable.Range(1, count).Select(number => new PeerAddress($"s{number}", $"s{number}:1"))];
        foreach (var address in addresses) _members.Add(new SimulatedMember(this, ClusterIdentity.Of(address.Name, addresses)));
        _clients = new Clients(this);
    }

    public SeededRandom Random { get; }

    public Schedule Schedule { get; } = new();

    public Checkers Checkers { get; }

    public Faults Faults { get; private set; }

    public long SnapshotEntries { get; }

    public IReadOnlyList<SimulatedMember> Members => _members;

    /// <summary>Runs the faulty time and then the calm one, in which the group must converge and serve.</summary>
    public void Run()
    {
        try
        {
            foreach (var member in _members) member.Start();
            _clients.Begin();
            PlanNemesis();
            while (Schedule.Now < FaultyMicroseconds) Checkers.That(Schedule.TryStep(), "there is always something to do");
            Calm();
            var deadline = Schedule.Now + CalmMicrosecondsMax;
            while (!IsConverged()) Checkers.That(Schedule.Now < deadline && Schedule.TryStep(), $"without faults the group converges:\n{DescribeMembers()}");
            _clients.PutThroughEveryMember();
            while (!_clients.AreLastPutsCommitted || !IsConverged())
            {
                Checkers.That(Schedule.Now < deadline && Schedule.TryStep(), $"without faults the group serves: {_clients.DescribeLastPuts()}\n{DescribeMembers()}");
            }

            _clients.CheckOutcomes(_members[0].Running!.View);
        }
        catch (Exception problem)
        {
            throw new SimulationFailedException(Describe(), problem);
        }
    }

    public string Describe() => $"{Checkers.Describe()}; {_clients.Describe()}; {Faults}";

    public string Tail() => string.Join('\n', _log.TakeLast(60));

    public void Log(string line) => _log.Add($"{Schedule.Now / 1000.0,10:F1} ms  {line}");

    public void Send(byte[] message, ReplicaId from, ReplicaId to)
    {
        if (Random.Chance(Faults.Loss)) return;
        var copies = Random.Chance(Faults.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            Schedule.After(Random.Between(50, Faults.LatencyMaxMicroseconds), () =>
            {
                if (!_cutLinks.Contains((from, to))) Find(to).Post(new TurnInput.FromPeer(PeerCodec.Decode(message)));
            });
        }
    }

    public void SendSnapshot(byte[] message, byte[]? file, SimulatedMember from, ReplicaId to, Action<bool> end)
    {
        var isLost = file is null || Random.Chance(Faults.Loss);
        var copies = Random.Chance(Faults.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            Schedule.After(Random.Between(1_000, Faults.LatencyMaxMicroseconds * 4L), () =>
            {
                var receiver = Find(to).Running;
                var arrives = !isLost && receiver is not null && !_cutLinks.Contains((from.Id, to));
                end(arrives && receiver!.TryReceive(message, file!));
            });
        }
    }

    private SimulatedMember Find(ReplicaId id) => _members.First(member => member.Id == id);

    private void PlanNemesis() => Schedule.After(Random.Between(10_000, 800_000), () =>
    {
        if (Schedule.Now >= FaultyMicroseconds) return;
        Strike();
        PlanNemesis();
    });

    private void Strike()
    {
        var victim = Random.Pick(_members);
        switch (Random.Below(6))
        {
            case 0 when Faults.HasCrashes && victim.Running is not null:
                victim.Crash(isPowerCut: Random.Chance(0.5));
                break;
            case 1 when Faults.HasCrashes && victim.Running is not null:
                victim.CrashSoon();
                break;
            case 2 when Faults.HasCrashes && Random.Chance(0.2):
                Log("all lose power");
                foreach (var member in _members.Where(member => member.Running is not null)) member.Crash(isPowerCut: true);
                break;
            case 3 when Faults.HasPartitions:
                Partition();
                break;
            case 4 when Faults.HasPauses:
                victim.PausedUntil = Schedule.Now + Random.Between(100_000, 3_000_000);
                Log($"{victim.Name} pauses");
                break;
            default:
                _cutLinks.Clear();
                break;
        }
    }

    private void Partition()
    {
        _cutLinks.Clear();
        if (Random.Chance(0.3))
        {
            // One direction of some links only: what heartbeats say and what elections say may differ.
            foreach (var from in _members)
            {
                foreach (var to in _members.Where(to => to != from && Random.Chance(0.3))) _cutLinks.Add((from.Id, to.Id));
            }
        }
        else
        {
            var side = _members.Where(_ => Random.Chance(0.5)).Select(member => member.Id).ToHashSet();
            foreach (var from in _members)
            {
                foreach (var to in _members.Where(to => side.Contains(from.Id) != side.Contains(to.Id))) _cutLinks.Add((from.Id, to.Id));
            }
        }

        Log($"{_cutLinks.Count} links are cut");
    }

    private void Calm()
    {
        Log("calm");
        Faults = Faults.None;
        _cutLinks.Clear();
        _clients.Stop();
        foreach (var member in _members)
        {
            member.PausedUntil = 0;
            member.NeverCrash();
            if (member.Running is null) member.Start();
        }
    }

    private bool IsConverged()
    {
        var running = _members.Select(member => member.Running).ToList();
        return running.All(process => process is not null)
            && running.Count(process => process!.Core.Node is { Role: Role.Leader, IsReady: true }) == 1
            && running.Select(process => (process!.Core.Node.Applied, process.View.Revision, process.View.StateHash)).Distinct().Count() == 1
            && running.All(process => process!.Core.OpenProposalCount == 0);
    }

    private string DescribeMembers() => string.Join('\n', _members.Select(member => member.Running is { Core.Node: var node }
        ? $"{member.Name}: {node.Role}, term {node.Term}, log {node.CompactedTo}..{node.LastIndex}, durable {node.Durable}, commit {node.Commit}, applied {node.Applied}, open {member.Running.Core.OpenProposalCount}"
        : $"{member.Name}: down"));
}

/// <summary>Carries what a reader needs beside the seed.</summary>
internal sealed class SimulationFailedException(string description, Exception inner) : Exception($"{inner.Message}\n{description}", inner);
