using ControlPlane.Replica;

namespace ControlPlane.Tests.Replica.Hosts;

/// <summary>A group that grows, shrinks and moves, on real disks and a loopback network.</summary>
public sealed class MembershipTests
{
    [Fact]
    public async Task A_group_of_one_grows_to_three_and_goes_on_without_its_first_member()
    {
        await using var group = await HostGroup.StartAsync(1);
        for (var i = 0; i < 20; i++) await group.PutCommittedAsync(0, $"k{i}", "1");
        await group.GrowAsync();
        await group.GrowAsync();
        Assert.Equal(["s0", "s1", "s2"], group[0].Members.Select(member => member.Name).Order());
        Assert.Equal(group[0].Members.Select(member => member.Id).ToHashSet(), group[2].Members.Select(member => member.Id).ToHashSet());
        // An identity rules: nobody is asked again.
        await group.StopAsync(1);
        await group.StartAsync(1);
        var removed = group.Member(0).Id;
        // Until the restarted member is heard, the removal would lose the quorum, for all that its leader knows.
        await group.UntilAsync("the removal", () => group[2].RemoveAsync(removed, CancellationToken.None).GetAwaiter().GetResult() is MembershipOutcome.Done);
        Assert.Contains("was removed from the group", await group[0].Expelled);
        await group.StopAsync(0);
        await group.LeaderAsync();
        await group.PutCommittedAsync(1, "after", "1");
        Assert.Equal(21, (await group[2].ReadAsync(CancellationToken.None)).KeyCount);
        // It knows from its own log, or hears it from whoever it calls.
        await group.StartAsync(0);
        Assert.Contains("was removed from the group", await group[0].Expelled);
    }

    [Fact]
    public async Task A_member_that_slept_through_a_change_catches_up_from_a_leader_it_has_never_heard_of()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var asleep = (leader + 1) % 3;
        await group.UntilAsync("all to have written down their disks", () => group[leader].Members.All(member => member.HasStarted));
        await group.StopAsync(asleep);
        var newcomer = await group.GrowAsync(leader);
        await group.UntilAsync("the newcomer to be heard", () => group.Member(newcomer, leader).UnreachableSince is null);
        Assert.IsType<MembershipOutcome.Done>(await group[leader].MoveLeaderAsync(group[newcomer].Leadership.Self, CancellationToken.None));
        await group.PutCommittedAsync(newcomer, "after", "1");
        await group.StartAsync(asleep);
        await group.UntilAsync("the sleeper to catch up", () => HostGroup.Value(group[asleep].Latest, "after") == "1");
        Assert.Equal(newcomer, await group.LeaderAsync());
    }

    [Fact]
    public async Task A_learner_is_promoted_only_when_it_has_caught_up()
    {
        await using var group = await HostGroup.StartAsync(1);
        var (name, address) = group.Reserve();
        var added = Assert.IsType<MembershipOutcome.Done>(await group[0].AddLearnerAsync(name, address, CancellationToken.None));
        Assert.Equal(MemberRole.Learner, added.Member.Role);
        var early = Assert.IsType<MembershipOutcome.Refused>(await group[0].PromoteAsync(added.Member.Id, CancellationToken.None));
        Assert.Equal((MembershipProblem.LearnerNotReady, "s1 has not started yet"), (early.Problem, early.Reason));
        await group.StartAsync(1);
        await group.PromoteWhenReadyAsync(0, 1);
        var again = Assert.IsType<MembershipOutcome.Refused>(await group[0].PromoteAsync(added.Member.Id, CancellationToken.None));
        Assert.Equal(MembershipProblem.NotALearner, again.Problem);
    }

    [Fact]
    public async Task Leadership_moves_where_an_operator_wants_it_from_any_member()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var (asked, target) = ((leader + 1) % 3, (leader + 2) % 3);
        await group.UntilAsync("the followers to be heard", () => group.Member(target, leader).UnreachableSince is null);
        var moved = await group[asked].MoveLeaderAsync(group[target].Leadership.Self, CancellationToken.None);
        Assert.Equal($"s{target}", Assert.IsType<MembershipOutcome.Done>(moved).Member.Name);
        Assert.Equal(target, await group.LeaderAsync());
        Assert.IsType<MembershipOutcome.Done>(await group[target].MoveLeaderAsync(null, CancellationToken.None));
        Assert.NotEqual(target, await group.LeaderAsync());
        var refused = await group[0].MoveLeaderAsync(new MemberId(7), CancellationToken.None);
        Assert.Equal(MembershipProblem.NoSuchMember, Assert.IsType<MembershipOutcome.Refused>(refused).Problem);
    }

    [Fact]
    public async Task A_removal_that_would_lose_the_quorum_is_refused_and_the_dead_member_is_shown_as_such()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var (dead, alive) = ((leader + 1) % 3, (leader + 2) % 3);
        await group.UntilAsync("all to have written down their disks", () => group[leader].Members.All(member => member.HasStarted));
        await group.StopAsync(dead);
        await group.UntilAsync("the silence to be noticed", () => group.Member(dead, leader).UnreachableSince is not null && group.Member(dead, alive).UnreachableSince is not null);
        Assert.Null(group.Member(alive, leader).UnreachableSince);
        var refused = await group[alive].RemoveAsync(group.Member(alive, leader).Id, CancellationToken.None);
        Assert.Equal(MembershipProblem.WouldLoseQuorum, Assert.IsType<MembershipOutcome.Refused>(refused).Problem);
        Assert.Contains($"s{dead} cannot be reached", ((MembershipOutcome.Refused)refused).Reason);
        Assert.IsType<MembershipOutcome.Done>(await group[alive].RemoveAsync(group.Member(dead, leader).Id, CancellationToken.None));
        await group.PutCommittedAsync(alive, "a", "1");
    }

    [Fact]
    public async Task A_wiped_member_is_refused_until_it_is_removed_and_added_again()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var wiped = (leader + 1) % 3;
        await group.PutCommittedAsync(leader, "a", "1");
        await group.UntilAsync("all to have written down their disks", () => group[leader].Members.All(member => member.HasStarted));
        await group.StopAsync(wiped);
        group.Wipe(wiped);
        await group.StartAsync(wiped);
        Assert.Contains($"the data of member s{wiped} is gone", await group[wiped].Expelled);
        await group.UntilAsync("the others to say so too", () => group.Notices.Any(line => line.StartsWith($"s{leader}:") && line.Contains($"the data of member s{wiped} is gone")));
        await group.StopAsync(wiped);
        Assert.IsType<MembershipOutcome.Done>(await group[leader].RemoveAsync(group.Member(wiped, leader).Id, CancellationToken.None));
        var grown = await group.GrowAsync(leader);
        Assert.Equal("1", HostGroup.Value(await group[grown].ReadAsync(CancellationToken.None), "a"));
    }

    [Fact]
    public async Task A_member_whose_address_changed_is_found_again()
    {
        await using var group = await HostGroup.StartAsync(3);
        var leader = await group.LeaderAsync();
        var moved = (leader + 1) % 3;
        await group.UntilAsync("all to have written down their disks", () => group[leader].Members.All(member => member.HasStarted));
        await group.StopAsync(moved);
        var id = group.Member(moved, leader).Id;
        var taken = await group[leader].UpdateAddressAsync(id, group.Member(leader, leader).PeerAddress, CancellationToken.None);
        Assert.Equal(MembershipProblem.AddressInUse, Assert.IsType<MembershipOutcome.Refused>(taken).Problem);
        var elsewhere = group.Move(moved);
        Assert.Equal(elsewhere, Assert.IsType<MembershipOutcome.Done>(await group[leader].UpdateAddressAsync(id, elsewhere, CancellationToken.None)).Member.PeerAddress);
        await group.StartAsync(moved);
        await group.PutCommittedAsync(leader, "a", "1");
        await group.UntilAsync("the moved member to follow", () => HostGroup.Value(group[moved].Latest, "a") == "1");
    }

    [Fact]
    public async Task The_version_floor_rises_when_all_understand_more_and_an_older_program_is_refused()
    {
        var levels = new[] { 1, 1, 1 };
        await using var group = await HostGroup.StartAsync(3, options => options with { Level = levels[options.Name[1] - '0'] });
        var leader = await group.LeaderAsync();
        await group.UntilAsync("the first floor", () => group[leader].VersionFloor == 1);
        for (var index = 0; index < 3; index++)
        {
            await group.StopAsync(index);
            levels[index] = 2;
            await group.StartAsync(index);
            await group.LeaderAsync();
            if (index == 2) break;
            await group.UntilAsync("the floor on the member that came back", () => group[index].VersionFloor > 0);
            Assert.Equal(1, group[index].VersionFloor);
        }

        await group.UntilAsync("the floor to rise everywhere", () => Enumerable.Range(0, 3).All(index => group[index].VersionFloor == 2));
        await group.StopAsync(1);
        levels[1] = 1;
        var refusal = await Assert.ThrowsAsync<UnusableDataDirectoryException>(() => group.StartAsync(1));
        Assert.Contains("the group's version floor is 2, this program understands 1", refusal.Message);
    }

    [Fact]
    public async Task Nobody_joins_who_was_not_added()
    {
        await using var group = await HostGroup.StartAsync(1, options => options with { JoinTimeout = TimeSpan.FromMilliseconds(100) });
        group.Reserve();
        var refusal = await Assert.ThrowsAsync<UnusableDataDirectoryException>(() => group.StartAsync(1));
        Assert.Contains("no member s1 was added to this group; first run `controlplane member add s1", refusal.Message);
    }
}
