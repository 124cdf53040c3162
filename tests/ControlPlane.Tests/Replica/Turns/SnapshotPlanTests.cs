using ControlPlane.Raft;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Tests.Replica.Turns;

public sealed class SnapshotPlanTests
{
    private readonly SnapshotPlan _plan = new(new TurnOptions { SnapshotEntries = 100, SnapshotBytes = 1_000, KeptEntries = 50, KeptBytes = 800 });
    private ulong _index;

    [Fact]
    public void A_snapshot_is_due_after_enough_entries_or_enough_bytes()
    {
        Apply(99, 1);
        Assert.False(_plan.IsDue);
        Apply(1, 1);
        Assert.True(_plan.IsDue);
        _plan.Begin();
        Assert.False(_plan.IsDue);
        _plan.NotSaved();
        Apply(9, 100);
        Assert.False(_plan.IsDue);
        Apply(1, 100);
        Assert.True(_plan.IsDue);
    }

    [Fact]
    public void After_a_large_snapshot_the_next_waits_for_half_as_many_bytes()
    {
        _plan.Begin();
        _plan.Saved(new LogIndex(0), 20_000);
        Apply(99, 100);
        Assert.False(_plan.IsDue);
        Apply(1, 100);
        Assert.True(_plan.IsDue);
    }

    [Fact]
    public void Small_entries_are_kept_by_their_number_and_large_ones_by_their_bytes()
    {
        Apply(100, 1);
        _plan.Begin();
        Assert.Equal(50UL, _plan.Saved(new LogIndex(100), 100).Value);

        Apply(100, 100);
        _plan.Begin();
        // 800 bytes are eight entries; the step they lie in may hold one more.
        Assert.InRange(_plan.Saved(new LogIndex(200), 100).Value, 190UL, 192UL);
    }

    [Fact]
    public void The_log_is_never_cut_beyond_the_snapshot()
    {
        Apply(10, 1);
        _plan.Begin();
        // Much was applied while it was being written.
        Apply(100, 100);
        Assert.Equal(10UL, _plan.Saved(new LogIndex(10), 100).Value);
    }

    private void Apply(int count, long sizeBytes)
    {
        for (var i = 0; i < count; i++) _plan.Applied(new LogIndex(++_index), sizeBytes);
    }
}
