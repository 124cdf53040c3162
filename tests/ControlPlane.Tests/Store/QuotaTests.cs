using ControlPlane.Store;
using ControlPlane.Store.Commands;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Store;

public sealed class QuotaTests
{
    [Fact]
    public void A_write_that_would_outgrow_the_quota_is_refused_whole_and_says_so_to_programs()
    {
        var state = Limited(10);
        state.Run(Put("a", "1234"));
        var before = state.View;

        var refused = Assert.IsType<RefusedResult>(state.Apply(Always(Delete("a"), Put("b", "1"), Put("c", "123456789"))));

        Assert.Equal(Refusal.NoSpace, refused.Refusal);
        Assert.Contains("quota of 10", refused.Reason);
        Assert.Equal(1, state.SpaceRefusals);
        Assert.Equal((before.StateHash, before.LiveBytes, "a=1234"), (state.View.StateHash, state.View.LiveBytes, state.View.Line()));
        Assert.Equal(2, state.Run(Put("b", "1234")).Revision.Value);
    }

    [Fact]
    public void A_full_store_takes_deletes_compaction_the_end_of_leases_and_whatever_does_not_grow()
    {
        var state = Limited(1000);
        state.Apply(new GrantLease(new LeaseId(1), 10));
        state.Run(Put("a", "1234"), Put("b", "1234", 1), Put("c", "1234"));
        state.Apply(new SetQuota(5));

        state.Run(Put("a", "4321"));
        state.Run(Put("a", "1"), Put("d", "1"));
        state.Run(Delete("c"));
        Assert.IsType<CompactResult>(state.Apply(new Compact(state.View.Revision)));
        Assert.Empty(Assert.IsType<LeaseResult>(state.Apply(new RevokeLease(new LeaseId(1)))).Unknown);
        Assert.Equal(("a=1 d=1", 4L), (state.View.Line(), state.View.LiveBytes));
        state.Run(Put("a", "12"));
    }

    [Fact]
    public void Of_a_batch_only_what_does_not_fit_is_refused()
    {
        var state = Limited(6);
        var result = Assert.IsType<BatchResult>(state.Apply(new Batch([Always(Put("a", "12")), Always(Put("b", "1234")), Always(Put("c", "12"))])));
        Assert.Equal([typeof(TransactionResult), typeof(RefusedResult), typeof(TransactionResult)], result.Transactions.Select(one => one.GetType()));
        Assert.Equal("a=12 c=12", state.View.Line());
    }

    [Fact]
    public void While_nobody_knows_which_state_is_right_nothing_is_written()
    {
        var state = Limited(100);
        state.Run(Put("a", "1"));
        state.Apply(new SetAlarm(new Alarm(3, AlarmKind.Corrupt), IsRaised: true));

        Assert.Equal(Refusal.Corrupt, Assert.IsType<RefusedResult>(state.Apply(Always(Put("a", "2")))).Refusal);
        Assert.Empty(Assert.IsType<AlarmResult>(state.Apply(new SetAlarm(new Alarm(3, AlarmKind.Corrupt), IsRaised: false))).Alarms);
        state.Run(Put("a", "2"));
    }

    private static StoreState Limited(long quotaBytes)
    {
        var state = new StoreState();
        state.Apply(new SetQuota(quotaBytes));
        return state;
    }
}
