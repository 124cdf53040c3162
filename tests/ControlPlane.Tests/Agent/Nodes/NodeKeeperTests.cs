using System.Collections.Immutable;
using ControlPlane.Agent.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Agent.Nodes;

public sealed class NodeKeeperTests
{
    private static readonly TimeSpan Renew = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task A_node_that_was_suspended_longer_than_its_lease_says_at_once_that_it_is_ready()
    {
        var (time, api) = (new FakeTimeProvider(), new FakeApi());
        var identity = new NodeIdentity("n1", "192.0.2.1", NodeCapacity.SimulatedDefault, new(), ImmutableDictionary<string, string>.Empty);
        await using var keeper = new NodeKeeper(api, time, new(Renew, Lease, TimeSpan.FromMinutes(5), _ => { }), [identity], () => default);
        keeper.Start();
        await keeper.WhenRegistered.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        // Punctual renewals say nothing about the status.
        await PassAsync(() => api.Writes.Count(write => write.Contains("leases/")) >= 4);
        Assert.Equal(0, StatusWrites(api));

        time.Advance(Lease + Renew);
        await PassAsync(() => StatusWrites(api) == 1);

        // Second by second, because the keeper may just be about to wait.
        Task PassAsync(Func<bool> holds) => TestAgent.UntilAsync(
            () =>
            {
                if (holds()) return true;
                time.Advance(TimeSpan.FromSeconds(1));
                return false;
            },
            () => string.Join('\n', api.Writes));
    }

    private static int StatusWrites(FakeApi api) => api.Writes.Count(write => write.StartsWith("patch nodes/") && write.EndsWith("status"));
}
