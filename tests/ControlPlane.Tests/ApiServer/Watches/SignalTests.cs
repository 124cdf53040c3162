using ControlPlane.ApiServer.Watches;

namespace ControlPlane.Tests.ApiServer.Watches;

public sealed class SignalTests
{
    [Fact]
    public async Task Many_sets_before_a_wait_wake_it_once()
    {
        var signal = new Signal();
        signal.Set();
        signal.Set();
        await signal.WaitAsync();
        var second = signal.WaitAsync();
        Assert.False(second.IsCompleted);
        signal.Set();
        await second;
    }

    [Fact]
    public async Task No_set_is_lost_between_two_threads()
    {
        const int Rounds = 20_000;
        var signal = new Signal();
        var produced = 0;
        var consumed = 0;
        var producer = Task.Run(() =>
        {
            for (var i = 1; i <= Rounds; i++)
            {
                Volatile.Write(ref produced, i);
                signal.Set();
            }
        });
        while (consumed < Rounds)
        {
            await signal.WaitAsync().AsTask().WaitAsync(ServerFixture.Deadline);
            consumed = Volatile.Read(ref produced);
        }

        await producer;
    }
}
