using ControlPlane.Raft;
using ControlPlane.Tests.Raft.Scenarios;

namespace ControlPlane.Tests.Raft;

/// <summary>Scenarios that a seed writes: elections, delays, losses, crashes, slow disks, snapshots, transfers, reads and changes of all sizes. What must never
/// happen is checked after every command; a failure prints the scenario.</summary>
public sealed class RandomScheduleTests
{
    private const int MemberCount = 5;

    [Fact]
    public void No_schedule_breaks_agreement_and_every_one_ends_in_a_group_that_works()
    {
        for (var seed = 0; seed < 150; seed++) new Play(seed, hasLeases: false).Run(commandCount: 250);
    }

    [Fact]
    public void No_schedule_makes_a_leased_read_stale_while_the_clocks_keep_their_bound()
    {
        for (var seed = 0; seed < 100; seed++) new Play(seed, hasLeases: true).Run(commandCount: 250);
    }

    private sealed class Play
    {
        private readonly int _seed;
        private readonly bool _hasLeases;
        private readonly Random _random;
        private readonly ScenarioCluster _cluster = new();
        private readonly List<string> _script = [];
        private readonly Dictionary<Term, ReplicaId> _leaders = [];
        private readonly List<(ScenarioMember Member, ulong Context, LogIndex Committed)> _reads = [];

        public Play(int seed, bool hasLeases)
        {
            (_seed, _hasLeases, _random) = (seed, hasLeases, new Random(seed));
            Do(hasLeases ? "cluster 3 leases" : "cluster 3");
            Do("join 4 5");
        }

        public void Run(int commandCount)
        {
            try
            {
                for (var i = 0; i < commandCount; i++)
                {
                    if (Next() is { } command) Do(command);
                }

                Settle();
            }
            catch (Exception exception)
            {
                throw new Xunit.Sdk.XunitException($"seed {_seed}: {exception.Message}\n{string.Join('\n', _script)}\n{exception.StackTrace}");
            }
        }

        private void Do(string command)
        {
            _script.Add(command);
            _cluster.Run(command);
            _cluster.TakeOutput();
            foreach (var member in _cluster.Members.Where(member => member is { IsUp: true, Node.Role: Role.Leader }))
            {
                _leaders.TryAdd(member.Node.Term, member.Id);
                Assert.Equal(_leaders[member.Node.Term], member.Id);
            }

            foreach (var read in _reads)
            {
                if (read.Member.Answers.GetValueOrDefault(read.Context) is Answer.ReadReady ready) Assert.True(ready.Index >= read.Committed, $"read {read.Context} answered at {ready.Index}, {read.Committed} was committed");
            }

            _reads.RemoveAll(read => read.Member.Answers.ContainsKey(read.Context));
        }

        private string? Next()
        {
            var any = Any();
            var link = $"{any.Id}>{Any().Id}";
            switch (_random.Next(100))
            {
                // The bound of the clocks: with leases they all go alike.
                case < 22: return $"tick {(_hasLeases || _random.Next(3) == 0 ? "all" : any.Id)} {_random.Next(1, 4)}";
                case < 40: return HasLeader ? $"propose k{_random.Next(4)}={_script.Count}" : "tick all 5";
                case < 48: return $"hold {link}";
                case < 56: return $"release {link}";
                case < 59: return $"cut {link}";
                case < 63: return "heal";
                case < 66: return any.IsUp ? $"crash {any.Id}" : null;
                case < 72: return any.IsUp ? null : $"restart {any.Id}";
                case < 75: return $"hold-disk {any.Id}";
                case < 79: return any.HasWrites ? $"flush-one-write {any.Id}" : null;
                case < 82: return any.IsUp ? $"flush-disk {any.Id}" : null;
                case < 85: return any.IsUp && !any.HasWrites && any.Node.Applied > LogIndex.Zero ? $"snapshot {any.Id} {_random.Next(3)}" : null;
                case < 87: return HasLeader ? $"transfer {any.Id}" : null;
                case < 92: return HasLeader ? $"voters {Drawn()}" : null;
                case < 94: return any.IsUp ? $"campaign {any.Id}" : null;
                default:
                    if (!any.IsUp) return null;
                    _reads.Add((any, _cluster.NextContext, _cluster.Committed));
                    return $"ask {any.Id}";
            }
        }

        private bool HasLeader => _cluster.Members.Any(member => member is { IsUp: true, Node.Role: Role.Leader });

        private ScenarioMember Any() => _cluster.Members.ElementAt(_random.Next(MemberCount));

        private string Drawn()
        {
            var numbers = Enumerable.Range(1, MemberCount).OrderBy(_ => _random.Next()).ToList();
            var count = _random.Next(1, MemberCount + 1);
            return $"{string.Join(' ', numbers.Take(count))} learners {string.Join(' ', numbers.Skip(count).Take(_random.Next(3)))}";
        }

        // The faults end; the group must find together, and go on.
        private void Settle()
        {
            Do("heal");
            foreach (var member in _cluster.Members.Where(member => !member.IsUp)) Do($"restart {member.Id}");
            foreach (var member in _cluster.Members) Do($"flush-disk {member.Id}");
            var committed = _cluster.Committed;
            for (var round = 0; round < 100; round++)
            {
                Do("tick all 5");
                if (_cluster.Members.FirstOrDefault(member => member.Node.Role == Role.Leader) is { } leader && IsSettled(leader.Node, committed)) return;
            }

            Do("status");
            throw new InvalidOperationException($"no group that works after 500 ticks: {string.Join(" | ", _cluster.Members.Select(member => $"{member.Status()} {member.Membership()}"))}");
        }

        private bool IsSettled(RaftNode leader, LogIndex committed)
        {
            if (leader.Commit < committed || leader.Commit < leader.LastIndex || leader.IsChangingConfiguration) return false;
            var members = _cluster.Members.Where(member => leader.Configuration.Members.Any(known => known.Id == member.Id)).ToList();
            return members.TrueForAll(member => member.Node.Applied == leader.Applied) && members.Select(member => string.Join(' ', member.State)).Distinct().Count() == 1;
        }
    }
}
