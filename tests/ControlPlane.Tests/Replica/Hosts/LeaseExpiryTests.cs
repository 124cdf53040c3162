using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>Leases of a group with real clocks.</summary>
public sealed class LeaseExpiryTests
{
    private static readonly LeaseId Lease = new(7);

    [Fact]
    public async Task A_lease_that_nobody_renews_ends_with_its_keys_on_every_member()
    {
        await using var group = await HostGroup.StartAsync(3);
        var follower = (await group.LeaderAsync() + 1) % 3;
        await CommitAsync(group[follower], new GrantLease(Lease, 1));
        await CommitAsync(group[follower], new Transaction([], [new Operation.Put(HostGroup.Bytes("a"), HostGroup.Bytes("1"), Lease)], []));
        Assert.InRange(group[follower].LeaseRemaining(Lease)!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1.1));

        await group.UntilAsync("the end of the lease", () => Enumerable.Range(0, 3).All(index => group[index].LeaseRemaining(Lease) is null));

        for (var index = 0; index < 3; index++) Assert.Equal(0, group[index].Latest.KeyCount);
        var late = Assert.IsType<LeaseResult>(await CommitAsync(group[follower], new RenewLeases([Lease])));
        Assert.Equal([Lease], late.Unknown);
    }

    private static async Task<Result> CommitAsync(ReplicaHost host, Command command) =>
        Assert.IsType<ProposalOutcome.Committed>(await host.ProposeAsync(command, CancellationToken.None)).Result;
}
