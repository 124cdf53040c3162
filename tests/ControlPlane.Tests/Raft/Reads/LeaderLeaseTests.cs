using ControlPlane.Raft;
using ControlPlane.Raft.Elections;
using ControlPlane.Raft.Reads;
using CsCheck;

namespace ControlPlane.Tests.Raft.Reads;

/// <summary>The lease against the followers it counts on, in real time that neither side sees.</summary>
public sealed class LeaderLeaseTests
{
    private static readonly Gen<(int ElectionTicks, int Drift, double Faster, double LeaderPhase, double FollowerPhase, double Delay)> Cases =
        Gen.Select(Gen.Int[2, 40], Gen.Int[0, 50], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Double[0, 3])
            .Select((electionTicks, drift, faster, leader, follower, delay) => (electionTicks, drift, faster, leader, follower, delay));

    [Fact]
    public void It_ends_before_a_follower_within_the_clock_bound_would_vote_for_somebody_else() => Cases.Sample(drawn =>
    {
        var lease = new LeaderLease(OptionsOf(drawn.ElectionTicks, drawn.Drift));
        var follower = new ElectionClock(drawn.ElectionTicks, seed: 1, isLoyalAtStart: false);
        // The leader ticks at LeaderPhase, LeaderPhase + 1, …; the follower's ticks are shorter by up to the bound. The round begins at 0.
        var followerTick = 1 - drawn.Faster * drawn.Drift / 100;
        lease.Begin(1);
        lease.Confirm(1);
        follower.Hear();
        // A tick that was overdue when the leader was heard.
        follower.Tick();
        double nextLeader = drawn.LeaderPhase, nextFollower = drawn.Delay + drawn.FollowerPhase * followerTick;
        while (lease.Holds)
        {
            // Until the leader's next tick it believes in its lease; the follower must be loyal through all that time.
            for (; nextFollower < nextLeader; nextFollower += followerTick) follower.Tick();
            Assert.True(follower.IsLeaderFresh);
            lease.Tick();
            nextLeader++;
        }
    });

    [Fact]
    public void A_round_that_began_before_it_was_voided_does_not_renew_it()
    {
        var lease = new LeaderLease(OptionsOf(10, 10));
        lease.Begin(1);
        lease.Void();
        lease.Confirm(1);
        Assert.False(lease.Holds);
        lease.Begin(2);
        lease.Confirm(2);
        Assert.True(lease.Holds);
    }

    [Fact]
    public void Once_given_up_it_does_not_come_back()
    {
        var lease = new LeaderLease(OptionsOf(10, 10));
        lease.GiveUp();
        lease.Begin(1);
        lease.Confirm(1);
        Assert.False(lease.Holds);
    }

    [Fact]
    public void It_counts_from_when_the_round_began_not_from_when_it_was_confirmed()
    {
        var lease = new LeaderLease(OptionsOf(10, 0));
        lease.Begin(1);
        for (var i = 0; i < 7; i++) lease.Tick();
        lease.Confirm(1);
        Assert.True(lease.Holds);
        lease.Tick();
        Assert.False(lease.Holds);
    }

    private static RaftOptions OptionsOf(int electionTicks, int drift) =>
        new() { Self = new ReplicaId(1), Seed = 1, ElectionTicks = electionTicks, ClockDriftPercentMax = drift, LeaseReads = true };
}
