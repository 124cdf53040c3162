using System.Collections.Concurrent;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Tests.Controllers.Runtime;

public sealed class KeyedControllerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_key_whose_work_failed_comes_back_whether_or_not_anybody_asks_for_the_delay(bool asks)
    {
        var api = new InMemoryApi(TimeProvider.System);
        var context = new ControllerContext(api, new(api, TimeProvider.System, _ => { }), new(api, TimeProvider.System, _ => { }), TimeProvider.System, _ => { });
        var controller = new Stubborn(context, failures: 3, asks);
        using var stop = new CancellationTokenSource();
        controller.Wake("key");
        var running = controller.RunAsync(stop.Token);
        await controller.Succeeded.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(4, controller.Attempts);
        Assert.Equal(asks ? 3 : 0, controller.Delays.Count);
        await stop.CancelAsync();
        await running;
    }

    private sealed class Stubborn(ControllerContext context, int failures, bool asks) : KeyedController<string>(context, "stubborn", workers: 1)
    {
        private readonly TaskCompletionSource _succeeded = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Succeeded => _succeeded.Task;

        public int Attempts { get; private set; }

        public ConcurrentQueue<TimeSpan> Delays { get; } = [];

        public void Wake(string key) => Queue.Add(key);

        protected override Task WhenReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        protected override Task<Verdict> WorkOnAsync(string key, CancellationToken cancellationToken)
        {
            if (++Attempts <= failures) return Task.FromResult(asks ? Verdict.Failed(Delays.Enqueue) : Verdict.Failed());
            _succeeded.SetResult();
            return Task.FromResult(Verdict.Done());
        }
    }
}
