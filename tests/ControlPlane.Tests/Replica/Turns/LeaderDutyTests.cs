using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>The duties of a leader that do not concern leases, on a state of their own.</summary>
public sealed class LeaderDutyTests
{
    private static readonly MemberId Self = new(5);
    private readonly ReplicaState _state = new();
    private ulong _sequence;

    [Fact]
    public void History_is_compacted_to_what_it_was_a_while_ago_by_whoever_leads()
    {
        var duty = new CompactionKeeper(new TurnOptions { HistoryTicks = 100 });
        var revisionAt = new List<long>();
        for (var tick = 0; tick < 1000; tick++)
        {
            if (tick < 500) Apply(Always(Put("a", $"{tick}")));
            revisionAt.Add(_state.View.Revision.Value);
            // Somebody else leads for a while; what this member has seen meanwhile counts when it leads again.
            var isLeading = tick is < 200 or >= 300;
            if (duty.Tick(isLeading, isWaiting: false, _state) is not { } due) continue;
            Assert.True(isLeading);
            var floor = Assert.IsType<Compact>(due).Floor.Value;
            Assert.InRange(floor, revisionAt[Math.Max(0, tick - 110)], revisionAt[tick - 100]);
            Apply(due);
        }

        Assert.Equal(500, _state.View.CompactionFloor.Value);
        Assert.Equal("a=499", _state.View.Line());
    }

    [Fact]
    public void History_without_a_time_is_never_compacted_by_itself()
    {
        var duty = new CompactionKeeper(new TurnOptions { HistoryTicks = null });
        Apply(Always(Put("a", "1")));
        for (var tick = 0; tick < 1000; tick++) Assert.Null(duty.Tick(isLeading: true, isWaiting: false, _state));
    }

    [Fact]
    public void A_leader_carries_its_quota_into_the_log_once()
    {
        var duty = new QuotaKeeper(Self, quotaBytes: 500);
        Assert.Null(duty.Tick(isLeading: false, isWaiting: false, _state));
        var due = duty.Tick(isLeading: true, isWaiting: false, _state);
        Assert.Equal(new SetQuota(500), due);
        Apply(due!);
        Assert.Null(duty.Tick(isLeading: true, isWaiting: false, _state));
        Assert.Null(new QuotaKeeper(Self, quotaBytes: null).Tick(isLeading: true, isWaiting: false, _state));
    }

    [Fact]
    public void A_refused_write_raises_the_alarm_and_room_ends_it()
    {
        var duty = new QuotaKeeper(Self, quotaBytes: null);
        Apply(new SetQuota(100));
        Apply(Always(Put("a", new string('v', 95))));
        Assert.Null(duty.Tick(isLeading: true, isWaiting: false, _state));

        Apply(Always(Put("b", new string('v', 95))));
        Assert.Null(duty.Tick(isLeading: true, isWaiting: true, _state));
        var raise = duty.Tick(isLeading: true, isWaiting: false, _state);
        Assert.Equal(new SetAlarm(new Alarm(5, AlarmKind.NoSpace), IsRaised: true), raise);
        Apply(raise!);
        Assert.Null(duty.Tick(isLeading: true, isWaiting: false, _state));

        Apply(Always(Put("a", new string('v', 80))));
        var end = duty.Tick(isLeading: true, isWaiting: false, _state);
        Assert.Equal(new SetAlarm(new Alarm(5, AlarmKind.NoSpace), IsRaised: false), end);
        Apply(end!);
        Assert.Null(duty.Tick(isLeading: true, isWaiting: false, _state));
    }

    [Fact]
    public void A_duty_proposes_nothing_while_its_last_proposal_is_on_its_way()
    {
        var asked = new List<(bool IsLeading, bool IsWaiting)>();
        Action? settled = null;
        var duties = new LeaderDuties([new Eager(asked)]);
        for (var tick = 0; tick < 3; tick++) duties.Tick(isLeading: true, _state, (_, done) => settled = done);
        settled!();
        duties.Tick(isLeading: true, _state, (_, _) => { });
        Assert.Equal([false, true, true, false], asked.Select(one => one.IsWaiting));
    }

    private void Apply(Command command)
    {
        _sequence++;
        var payload = ProposalCodec.Encode(Self, 1, _sequence, [new NumberedCommand(_sequence, CommandCodec.Encode(command))]);
        _state.Apply(new Entry(new Term(1), new LogIndex(_sequence), EntryKind.Command, payload));
    }

    private sealed class Eager(List<(bool IsLeading, bool IsWaiting)> asked) : ILeaderDuty
    {
        public Command? Tick(bool isLeading, bool isWaiting, ReplicaState state)
        {
            asked.Add((isLeading, isWaiting));
            return isWaiting ? null : new Compact(Revision.Zero);
        }
    }
}
