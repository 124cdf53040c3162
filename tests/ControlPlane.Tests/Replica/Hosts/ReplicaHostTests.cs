using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>Members on a real disk, clock and loopback network.</summary>
public sealed class ReplicaHostTests
{
    [Fact]
    public async Task A_single_member_leads_when_it_is_open_and_remembers_over_a_restart()
    {
        await using var group = await HostGroup.StartAsync(1);
        Assert.True(group[0].Leadership is { IsLeader: true, IsReady: true });
        await group.PutCommittedAsync(0, "a", "1");
        Assert.Equal("1", HostGroup.Value(await group[0].ReadAsync(CancellationToken.None), "a"));
        await group.StopAsync(0);
        await group.StartAsync(0);
        Assert.Equal("1", HostGroup.Value(group[0].Latest, "a"));
    }

    [Fact]
    public async Task A_write_through_a_follower_is_applied_there_when_it_is_answered()
    {
        await using var group = await HostGroup.StartAsync(3);
        var follower = (await group.LeaderAsync() + 1) % 3;
        await group.PutCommittedAsync(follower, "a", "1");
        Assert.Equal("1", HostGroup.Value(group[follower].Latest, "a"));
        await group.PutCommittedAsync((follower + 1) % 3, "a", "2");
        Assert.Equal("2", HostGroup.Value(await group[follower].ReadAsync(CancellationToken.None), "a"));
    }

    [Fact]
    public async Task Acknowledged_writes_survive_the_loss_of_the_leader_and_the_next_one_serves_soon()
    {
        await using var group = await HostGroup.StartAsync(3);
        var first = await group.LeaderAsync();
        for (var i = 0; i < 100; i++) await group.PutCommittedAsync(i % 3, $"k{i}", "1");
        await group.StopAsync(first);
        // Proposals wait through the election instead of failing.
        await group.PutCommittedAsync((first + 1) % 3, "after", "1");
        var view = await group[(first + 2) % 3].ReadAsync(CancellationToken.None);
        Assert.Equal(101, view.KeyCount);
        await group.StartAsync(first);
        await group.UntilAsync("the returned member to catch up", () => group[first].Latest.StateHash == view.StateHash);
    }

    [Fact]
    public async Task A_member_that_was_away_for_long_catches_up_by_snapshot()
    {
        await using var group = await HostGroup.StartAsync(3, options => options with { SnapshotEntries = 50, KeptEntries = 10 });
        var away = (await group.LeaderAsync() + 1) % 3;
        await group.StopAsync(away);
        for (var i = 0; i < 300; i++) await group.PutCommittedAsync((away + 1) % 3, $"k{i}", new string('v', 1000));
        await group.StartAsync(away);
        await group.UntilAsync("the snapshot to arrive", () => group[away].Latest.KeyCount == 300);
        // The state says where its history begins: it came from a snapshot, not from the log.
        Assert.True(group[away].Latest.Floor > Revision.Zero);
        await group.PutCommittedAsync(away, "after", "1");
        await group.StopAsync(away);
        await group.StartAsync(away);
        await group.UntilAsync("the state after a restart", () => group[away].Latest.KeyCount == 301);
    }

    [Fact]
    public async Task A_member_without_a_majority_answers_neither_reads_nor_writes()
    {
        await using var group = await HostGroup.StartAsync(3, options => options with { RequestTimeout = TimeSpan.FromMilliseconds(700) });
        var leader = await group.LeaderAsync();
        await group.PutCommittedAsync(leader, "a", "1");
        await group.StopAsync((leader + 1) % 3);
        await group.StopAsync((leader + 2) % 3);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await group[leader].ReadAsync(CancellationToken.None));
        var outcome = await group.PutAsync(leader, "a", "2");
        Assert.True(outcome is ProposalOutcome.Unknown or ProposalOutcome.NotLeader, outcome.ToString());
        await group.UntilAsync("the leader to step down", () => !group[leader].Leadership.IsLeader);
        Assert.IsType<ProposalOutcome.NotLeader>(await group.PutAsync(leader, "b", "1"));
        // What is known to be true stays readable without a promise.
        Assert.Equal("1", HostGroup.Value(group[leader].Latest, "a"));
    }

    [Fact]
    public async Task Many_writers_share_syncs_and_every_write_is_applied_once()
    {
        await using var group = await HostGroup.StartAsync(3);
        await group.LeaderAsync();
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => group.PutCommittedAsync(i % 3, $"k{i % 100}", $"{i}")));
        var view = await group[0].ReadAsync(CancellationToken.None);
        Assert.Equal(new Revision(1000), view.Revision);
    }

    [Fact]
    public async Task Leadership_is_handed_over_on_request()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var next = (leader + 1) % 3;
        group[leader].TransferLeadership(group[next].Leadership.Self);
        await group.UntilAsync("the next leader", () => group[next].Leadership is { IsLeader: true, IsReady: true });
        Assert.Equal(MemberRole.Leader, group[next].Members.Single(member => member.Name == $"s{next}").Role);
    }

    [Fact]
    public async Task A_conflict_is_an_answer_and_not_an_error()
    {
        await using var group = await HostGroup.StartAsync(1);
        var key = HostGroup.Bytes("a");
        var first = await group[0].ProposeAsync(Transaction.PutIf(key, Revision.Zero, key), CancellationToken.None);
        var second = await group[0].ProposeAsync(Transaction.PutIf(key, Revision.Zero, key), CancellationToken.None);
        Assert.True(((TransactionResult)Assert.IsType<ProposalOutcome.Committed>(first).Result).Succeeded);
        Assert.False(((TransactionResult)Assert.IsType<ProposalOutcome.Committed>(second).Result).Succeeded);
    }

    [Fact]
    public async Task Another_members_data_is_refused_by_name()
    {
        await using var group = await HostGroup.StartAsync(1);
        await group.StopAsync(0);
        var options = group.Options(0) with { Name = "other", InitialCluster = [new PeerAddress("other", "127.0.0.1:1")] };
        var refusal = await Assert.ThrowsAsync<UnusableDataDirectoryException>(() => ReplicaHost.OpenAsync(options, CancellationToken.None));
        Assert.Contains("member 's0' of another cluster", refusal.Message);
    }

    [Fact]
    public async Task A_data_directory_in_use_is_refused_with_what_to_do()
    {
        await using var group = await HostGroup.StartAsync(1);
        var refusal = await Assert.ThrowsAsync<UnusableDataDirectoryException>(() => ReplicaHost.OpenAsync(group.Options(0), CancellationToken.None));
        Assert.Contains($"in use by process {Environment.ProcessId}; stop it", refusal.Message);
    }

    [Fact]
    public async Task Calls_to_a_stopped_member_end()
    {
        await using var group = await HostGroup.StartAsync(1);
        var host = group[0];
        await group.StopAsync(0);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await host.ReadAsync(CancellationToken.None));
        Assert.IsType<ProposalOutcome.NotLeader>(await host.ProposeAsync(new Compact(Revision.Zero), CancellationToken.None));
    }
}
