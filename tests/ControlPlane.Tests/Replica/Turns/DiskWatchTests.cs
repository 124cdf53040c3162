using ControlPlane.Raft;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>An election time of ten ticks; one write a tick or so.</summary>
public sealed class DiskWatchTests
{
    private readonly DiskWatch _watch = new(electionTicks: 10);
    private long _tick;
    private ulong _number;

    [Fact]
    public void A_disk_that_keeps_up_leads_on()
    {
        for (var write = 0; write < 1000; write++) Assert.False(Write(durationTicks: write % 5, isOtherAhead: true));
    }

    [Fact]
    public void Writes_that_are_late_again_and_again_hand_over_and_then_there_is_quiet()
    {
        var writes = 0;
        while (!Write(durationTicks: 6, isOtherAhead: true)) writes++;
        Assert.InRange(writes, 7, 8);
        var from = _tick;
        while (!Write(durationTicks: 6, isOtherAhead: true)) writes++;
        Assert.InRange(_tick - from, 600, 610);
    }

    [Fact]
    public void Where_the_others_are_as_slow_nobody_is_better() => Assert.All(Enumerable.Range(0, 200), _ => Assert.False(Write(durationTicks: 9, isOtherAhead: false)));

    [Fact]
    public void A_few_slow_writes_among_many_do_not_count()
    {
        for (var write = 0; write < 1000; write++) Assert.False(Write(durationTicks: write % 15 < 7 ? 9 : 0, isOtherAhead: true));
    }

    [Fact]
    public void One_write_that_does_not_end_hands_over_after_an_elections_time()
    {
        _watch.Written(1, new LogIndex(1), 0);
        Assert.False(_watch.IsHandOverDue(new LogIndex(1), LogIndex.Zero, 10));
        Assert.False(_watch.IsHandOverDue(LogIndex.Zero, LogIndex.Zero, 11));
        Assert.True(_watch.IsHandOverDue(new LogIndex(1), LogIndex.Zero, 11));
        Assert.False(_watch.IsHandOverDue(new LogIndex(1), LogIndex.Zero, 12));
    }

    [Fact]
    public void A_full_disk_hands_over_at_once_to_somebody_who_has_what_is_committed()
    {
        _watch.Full = "no space left";
        Assert.False(_watch.IsHandOverDue(new LogIndex(4), new LogIndex(5), 1));
        Assert.True(_watch.IsHandOverDue(new LogIndex(5), new LogIndex(5), 2));
        Assert.False(_watch.IsHandOverDue(new LogIndex(5), new LogIndex(5), 3));
        Assert.True(_watch.IsHandOverDue(new LogIndex(5), new LogIndex(5), 42));
    }

    private bool Write(int durationTicks, bool isOtherAhead)
    {
        var number = ++_number;
        _watch.Written(number, new LogIndex(number), _tick);
        var furthest = new LogIndex(isOtherAhead ? number : number - 1);
        for (var tick = 0; tick < durationTicks; tick++)
        {
            if (_watch.IsHandOverDue(furthest, LogIndex.Zero, ++_tick)) return true;
        }

        _watch.Durable(number, furthest, _tick);
        return _watch.IsHandOverDue(furthest, LogIndex.Zero, ++_tick);
    }
}
