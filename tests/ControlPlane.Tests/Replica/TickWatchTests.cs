using ControlPlane.Replica;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Replica;

public sealed class TickWatchTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Ticks_that_come_in_time_are_not_late_however_many_batches_lie_between()
    {
        var watch = new TickWatch(_time, TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(25));
            Assert.False(watch.IsLate(hasTick: false));
            _time.Advance(TimeSpan.FromMilliseconds(25));
            Assert.False(watch.IsLate(hasTick: true));
        }
    }

    [Fact]
    public void A_pause_is_noticed_by_the_first_batch_after_it_with_or_without_the_tick_and_is_over_with_the_tick()
    {
        var watch = new TickWatch(_time, TimeSpan.FromMilliseconds(50));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(watch.IsLate(hasTick: false));
        Assert.True(watch.IsLate(hasTick: true));
        _time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.False(watch.IsLate(hasTick: false));
    }

    [Fact]
    public void A_loop_that_is_always_a_little_behind_is_late_too()
    {
        var watch = new TickWatch(_time, TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(53));
            Assert.True(watch.IsLate(hasTick: true));
        }
    }
}
