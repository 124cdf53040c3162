using ControlPlane.Replica;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>A member whose state is changed behind the log's back, as by a flipped bit in its memory.</summary>
public sealed class DivergenceTests
{
    [Fact]
    public async Task A_member_whose_state_is_not_the_others_ends_and_the_others_go_on()
    {
        await using var group = await HostGroup.StartAsync(3, options => options with { CompareInterval = TimeSpan.FromMilliseconds(100) });
        var leader = await group.LeaderAsync();
        var damaged = (leader + 1) % 3;
        await group.PutCommittedAsync(leader, "a", "1");
        await group.UntilAsync("the write on the member", () => group[damaged].Latest.Revision == group[leader].Latest.Revision);

        Damage(group[damaged], "a", "0");

        await group.UntilAsync("the member to end", () => group.Notices.Any(line => line.Contains("differs from that of the majority")));
        Assert.StartsWith($"s{damaged}: fatal", group.Notices.Single(line => line.Contains("fatal")));
        await group.PutCommittedAsync(leader, "b", "1");
        Assert.Empty(group[leader].Latest.Alarms);
    }

    private static void Damage(ReplicaHost host, string key, string value) => host.Core.State.Damage(
        new Transaction([], [new Operation.Put(HostGroup.Bytes(key), HostGroup.Bytes(value), ControlPlane.Store.LeaseId.None)], []));
}
