using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>States that are compared while entries come; one of them is damaged behind the log's back.</summary>
public sealed class StateComparisonTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Equal_states_are_left_alone_however_far_behind_their_owners_are(int count)
    {
        var group = new Group(count);
        var random = new Random(count);
        for (var round = 0; round < 300; round++)
        {
            group.Commit(Always(Put("a", $"{round}")));
            for (var member = 1; member < count; member++)
            {
                if (random.Next(3) > 0) group.CatchUp(member);
            }

            Assert.Null(group.TickLeader());
        }

        Assert.True(group.AnswerCount > 50);
    }

    [Theory]
    [InlineData("value")]
    [InlineData("lease")]
    public void The_member_of_three_that_differs_stops(string damage)
    {
        var group = new Group(3);
        group.Commit(new GrantLease(new LeaseId(1), 60));
        group.CatchUpAll();
        group.Damage(2, damage == "value" ? Always(Put("a", "evil")) : new RenewLeases([new LeaseId(1)]));

        var stopped = Assert.Throws<StateDivergedException>(() => group.RunUntil(command => command is not null));

        Assert.Equal(2, group.Active);
        Assert.Contains("differs from that of the majority", stopped.Message);
    }

    [Fact]
    public void A_leader_that_differs_from_the_majority_stops_itself()
    {
        var group = new Group(3);
        group.Damage(0, Always(Put("a", "evil")));
        Assert.Throws<StateDivergedException>(() => group.RunUntil(command => command is not null));
        Assert.Equal(0, group.Active);
    }

    [Fact]
    public void Where_two_disagree_nobody_stops_and_the_alarm_names_the_one_that_does_not_lead()
    {
        var group = new Group(2);
        group.Damage(1, Always(Put("a", "evil")));
        var alarm = group.RunUntil(command => command is not null);
        Assert.Equal(new SetAlarm(new Alarm(2, AlarmKind.Corrupt), IsRaised: true), alarm);
        group.Commit(alarm!);
        group.CatchUpAll();
        for (var round = 0; round < 20; round++) Assert.Null(group.TickLeader());
    }

    [Fact]
    public void A_third_that_is_away_is_waited_for_before_anybody_is_blamed_and_the_alarm_comes_when_it_stays_away()
    {
        var group = new Group(3) { Away = 1 };
        group.Damage(2, Always(Put("a", "evil")));
        Assert.IsType<SetAlarm>(group.RunUntil(command => command is not null));
        group.Away = null;
        Assert.Throws<StateDivergedException>(() => group.RunUntil(_ => false));
        Assert.Equal(2, group.Active);
    }

    private sealed class Group
    {
        private static readonly TurnOptions Options = new() { CompareTicks = 2 };
        private readonly List<Entry> _log = [];
        private readonly Queue<PeerMessage> _messages = new();
        private readonly ReplicaState[] _states;
        private readonly StateComparison[] _comparisons;
        private readonly int[] _applied;

        public Group(int count)
        {
            var ids = Enumerable.Range(1, count).Select(id => new ReplicaId((ulong)id)).ToArray();
            _states = [.. ids.Select(_ => new ReplicaState())];
            _comparisons = [.. ids.Select(id => new StateComparison(Options, id, () => ids, LogIndex.Zero, _messages.Enqueue))];
            _applied = new int[count];
        }

        /// <summary>Who was at work last.</summary>
        public int Active { get; private set; }

        public int? Away { get; set; }

        public int AnswerCount { get; private set; }

        public void Commit(Command command)
        {
            var index = new LogIndex((ulong)_log.Count + 1);
            var payload = ProposalCodec.Encode(new MemberId(9), 1, index.Value, [new NumberedCommand(index.Value, CommandCodec.Encode(command))]);
            _log.Add(new Entry(new Term(1), index, EntryKind.Command, payload));
            CatchUp(0);
        }

        public void CatchUp(int member)
        {
            Active = member;
            while (_applied[member] < _log.Count)
            {
                var entry = _log[_applied[member]++];
                _states[member].Apply(entry);
                _comparisons[member].Applied(entry.Index, _states[member]);
            }
        }

        public void CatchUpAll()
        {
            for (var member = 0; member < _states.Length; member++) CatchUp(member);
        }

        /// <summary>Changes a state as no entry does.</summary>
        public void Damage(int member, Command command)
        {
            var payload = ProposalCodec.Encode(new MemberId(66), 1, 1, [new NumberedCommand(1, CommandCodec.Encode(command))]);
            _states[member].Apply(new Entry(new Term(1), LogIndex.Zero, EntryKind.Command, payload));
        }

        public Command? TickLeader()
        {
            Active = 0;
            var command = _comparisons[0].Tick(isLeading: true, isWaiting: false, _states[0]);
            while (_messages.TryDequeue(out var message)) Deliver(message);
            return command;
        }

        public Command? RunUntil(Func<Command?, bool> isReached)
        {
            for (var round = 0; round < 100; round++)
            {
                Commit(Always(Put("b", $"{round}")));
                CatchUpAll();
                var command = TickLeader();
                if (isReached(command)) return command;
            }

            throw new InvalidOperationException("it never came");
        }

        private void Deliver(PeerMessage message)
        {
            var member = (int)message.To.Value - 1;
            if (member == Away || (int)message.From.Value - 1 == Away) return;
            Active = member;
            switch (message)
            {
                case PeerMessage.AskHash ask: _comparisons[member].Take(ask, _states[member]); break;
                case PeerMessage.AnswerHash answer:
                    AnswerCount++;
                    _comparisons[member].Take(answer);
                    break;
                case PeerMessage.HashDiffers differs: _comparisons[member].Take(differs); break;
            }
        }
    }
}
