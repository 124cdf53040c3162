using System.Threading.Channels;
using ControlPlane.Client;
using ControlPlane.Client.WorkQueues;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Client.WorkQueues;

public sealed class WorkQueueTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_key_waits_only_once()
    {
        using var queue = NewQueue();
        Assert.True(queue.Add("a"));
        Assert.True(queue.Add("b"));
        Assert.True(queue.Add("a"));
        Assert.Equal(["a", "b"], TakeAll(queue));
    }

    [Fact]
    public void A_key_added_during_its_work_comes_back_only_after_the_work_is_done()
    {
        using var queue = NewQueue();
        queue.Add("a");
        Assert.True(queue.TryTake(out _));
        queue.Add("a");
        queue.Add("a");
        Assert.False(queue.TryTake(out _));
        queue.Done("a");
        Assert.Equal(["a"], TakeAll(queue));
    }

    [Fact]
    public void A_delayed_key_comes_at_its_earliest_time()
    {
        using var queue = NewQueue();
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(3));
        queue.AddAfter("a", TimeSpan.FromSeconds(20));
        queue.AddAfter("b", TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Empty(TakeAll(queue));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(["a"], TakeAll(queue));
        queue.Done("a");
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["b"], TakeAll(queue));
    }

    [Fact]
    public void Back_off_doubles_a_key_at_a_time_and_is_forgotten_after_success()
    {
        using var queue = NewQueue(new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), 0));
        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(0, 5).Select(_ => queue.AddAfterFailure("a").TotalSeconds));
        Assert.Equal(1, queue.AddAfterFailure("b").TotalSeconds);
        queue.Forget("a");
        Assert.Equal(0, queue.FailuresOf("a"));
        Assert.Equal(1, queue.AddAfterFailure("a").TotalSeconds);
    }

    [Fact]
    public void A_full_queue_says_so()
    {
        using var queue = new WorkQueue<string>(countMax: 2, time: _time);
        Assert.True(queue.Add("a"));
        Assert.True(queue.AddAfter("b", TimeSpan.FromSeconds(1)));
        Assert.False(queue.Add("c"));
        Assert.False(queue.AddAfter("c", TimeSpan.FromSeconds(1)));
        Assert.True(queue.Add("a"));
    }

    [Fact]
    public async Task A_completed_queue_hands_out_what_waits_and_then_ends()
    {
        using var queue = NewQueue();
        queue.Add("a");
        queue.Add("b");
        Assert.Equal("a", await queue.TakeAsync(CancellationToken.None));
        queue.Add("a");
        queue.AddAfter("late", TimeSpan.FromSeconds(1));
        queue.Complete();
        Assert.False(queue.Add("c"));
        Assert.Equal("b", await queue.TakeAsync(CancellationToken.None));
        queue.Done("b");
        queue.Done("a");
        Assert.Equal("a", await queue.TakeAsync(CancellationToken.None));
        queue.Done("a");
        await Assert.ThrowsAsync<ChannelClosedException>(async () => await queue.TakeAsync(CancellationToken.None));
    }

    [Fact]
    public void No_add_is_lost_and_no_key_is_taken_twice_at_once() =>
        // Whatever the order of adds, takes and dones: a key that was added after its last take is handed out again.
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4]).Array[0, 60].Sample(steps =>
        {
            using var queue = new WorkQueue<int>(time: _time);
            var owed = new HashSet<int>();
            var taken = new HashSet<int>();
            foreach (var (action, key) in steps)
            {
                if (action == 0)
                {
                    queue.Add(key);
                    owed.Add(key);
                }
                else if (action == 1 && queue.TryTake(out var next))
                {
                    Assert.True(taken.Add(next));
                    Assert.True(owed.Remove(next));
                }
                else if (action == 2 && taken.Remove(key))
                {
                    queue.Done(key);
                }
            }

            foreach (var key in taken) queue.Done(key);
            while (queue.TryTake(out var next)) Assert.True(owed.Remove(next));
            Assert.Empty(owed);
        });

    private WorkQueue<string> NewQueue(Backoff? backoff = null) => new(backoff, time: _time);

    private static List<string> TakeAll(WorkQueue<string> queue)
    {
        var taken = new List<string>();
        while (queue.TryTake(out var key)) taken.Add(key);
        return taken;
    }
}
