using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Turns;

/// <summary>One or more members' counts of the same leases, without Raft: every member applies what the test commits.</summary>
public sealed class LeaseKeeperTests
{
    private static readonly TurnOptions Options = new() { TicksPerSecond = 10, LeaseExpiriesPerTickMax = 3, LeaseCheckpointTicks = 100, LeaseGraceTicks = 20 };
    private static readonly LeaseId One = new(1);

    [Fact]
    public void A_lease_is_over_after_its_time_and_never_before()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 5));

        Assert.Equal(52, member.TicksUntil<ExpireLeases>());
        Assert.Equal(TimeSpan.Zero, member.Keeper.Remaining(One));
    }

    [Fact]
    public void A_renewal_gives_the_whole_time_again()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 5));
        for (var round = 0; round < 10; round++)
        {
            Assert.Null(member.Ticks(40));
            member.Apply(new RenewLeases([One]));
        }

        Assert.Equal(52, member.TicksUntil<ExpireLeases>());
    }

    [Fact]
    public void An_expiry_that_meets_a_renewal_on_its_way_ends_nothing()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 5));
        var expiry = member.NextOf<ExpireLeases>();

        member.Apply(new RenewLeases([One]));
        member.Apply(expiry);

        Assert.NotNull(member.Store.View.GetLease(One));
        Assert.Equal(TimeSpan.FromSeconds(5.2), member.Keeper.Remaining(One));
    }

    [Fact]
    public void An_expiry_of_a_former_life_does_not_end_a_lease_granted_again()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 5));
        var expiry = member.NextOf<ExpireLeases>();

        member.Apply(new RevokeLease(One));
        member.Apply(new GrantLease(One, 5));
        member.Apply(expiry);

        Assert.NotNull(member.Store.View.GetLease(One));
    }

    [Fact]
    public void Only_a_leader_proposes_and_one_thing_at_a_time()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 1));

        Assert.Null(member.Ticks(50, isLeading: false));
        Assert.Equal(20, member.TicksUntil<ExpireLeases>() - 1);
        Assert.Null(member.Keeper.Tick(isLeading: true, isWaiting: true));
        // It got lost: the same lease comes up again.
        Assert.IsType<ExpireLeases>(member.Keeper.Tick(isLeading: true, isWaiting: false));
    }

    [Fact]
    public void A_new_leader_shortens_nothing_and_gives_everybody_the_time_of_an_election()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 10));
        member.Apply(new GrantLease(new LeaseId(2), 60));
        member.Ticks(99, isLeading: false);
        var before = member.Keeper.Remaining(new LeaseId(2));

        member.Ticks(1);

        Assert.Equal(TimeSpan.FromSeconds(2), member.Keeper.Remaining(One));
        Assert.Equal(before - TimeSpan.FromSeconds(0.1), member.Keeper.Remaining(new LeaseId(2)));
    }

    [Fact]
    public void Many_that_end_together_end_a_few_a_tick()
    {
        var member = new Member();
        for (var lease = 1; lease <= 10; lease++) member.Apply(new GrantLease(new LeaseId(lease), 1));

        var counts = new List<int>();
        while (member.Store.View.Leases.Any())
        {
            var expiry = member.NextOf<ExpireLeases>();
            counts.Add(expiry.Leases.Length);
            member.Apply(expiry);
        }

        Assert.Equal([3, 3, 3, 1], counts);
    }

    [Fact]
    public void What_is_left_of_a_long_lease_survives_a_restart_and_a_renewal_gives_all_of_it()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 60));
        member.Apply(new GrantLease(new LeaseId(2), 3));
        var checkpoint = member.NextOf<CheckpointLeases>(settle: true);
        member.Apply(checkpoint);

        Assert.Equal(51, member.Store.View.GetLease(One)!.RemainingSeconds);
        var restarted = new Member(member.Store.View);
        Assert.InRange(restarted.Keeper.Remaining(One)!.Value.TotalSeconds, 51, 51.2);
        Assert.True(restarted.Keeper.Remaining(One) >= member.Keeper.Remaining(One));

        restarted.Apply(new RenewLeases([One]));
        Assert.Equal(60, restarted.Store.View.GetLease(One)!.RemainingSeconds);
        Assert.Equal(TimeSpan.FromSeconds(60.2), restarted.Keeper.Remaining(One));
    }

    [Fact]
    public void A_checkpoint_from_before_a_renewal_is_void()
    {
        var member = new Member();
        member.Apply(new GrantLease(One, 60));
        var checkpoint = member.NextOf<CheckpointLeases>();

        member.Apply(new RenewLeases([One]));
        member.Apply(checkpoint);

        Assert.Equal(60, member.Store.View.GetLease(One)!.RemainingSeconds);
    }

    /// <summary>The plain twin: for every lease, the tick of its last grant or renewal. No member, however late it applies, restarts or takes over, may
    /// end a lease before its time has passed since the first member applied that.</summary>
    [Fact]
    public void No_lease_is_ended_early_by_any_member_that_leads_in_turns()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            var log = new List<Command>();
            var committedAt = new List<int>();
            var members = Enumerable.Range(0, 3).Select(_ => new Member()).ToArray();
            var renewedAt = new Dictionary<LeaseId, (int Tick, int Seconds)>();
            var ended = 0;
            var leader = 0;
            for (var tick = 1; tick <= 1500; tick++)
            {
                var lease = new LeaseId(random.Next(1, 6));
                if (random.Next(15) == 0) Commit(random.Next(3) == 0 ? new GrantLease(lease, random.Next(1, 30)) : new RenewLeases([lease]));
                if (random.Next(200) == 0) leader = random.Next(3);
                if (random.Next(300) == 0) members[random.Next(3)] = Restarted(log[..random.Next(log.Count + 1)]);
                for (var member = 0; member < 3; member++)
                {
                    // Followers are behind; whoever leads has applied all.
                    if (member == leader || random.Next(10) == 0) members[member].CatchUp(log);
                    if (members[member].Tick(member == leader) is { } proposed && random.Next(5) > 0) Commit(proposed);
                }

                void Commit(Command command)
                {
                    log.Add(command);
                    committedAt.Add(tick);
                    if (command is GrantLease grant && members[leader].Store.View.GetLease(grant.Lease) is null) renewedAt[grant.Lease] = (tick, (int)grant.TimeToLiveSeconds);
                    if (command is RenewLeases renew && renewedAt.TryGetValue(renew.Leases[0], out var known)) renewedAt[renew.Leases[0]] = (tick, known.Seconds);
                    members[leader].CatchUp(log);
                    foreach (var gone in renewedAt.Keys.Where(id => members[leader].Store.View.GetLease(id) is null).ToList())
                    {
                        Assert.True(tick - renewedAt[gone].Tick >= renewedAt[gone].Seconds * 10, $"seed {seed}: lease {gone} ended at {tick}, renewed at {renewedAt[gone]}");
                        renewedAt.Remove(gone);
                        ended++;
                    }
                }
            }

            Assert.True(ended > 2, $"seed {seed}: only {ended} ended");
        }

        static Member Restarted(List<Command> log)
        {
            var member = new Member();
            member.CatchUp(log);
            // What a snapshot keeps, and no count of its own.
            return new Member(member.Store.View, log.Count);
        }
    }

    private sealed class Member
    {
        private int _applied;

        public Member(StoreView? snapshot = null, int applied = 0)
        {
            _applied = applied;
            Store = snapshot is null ? new StoreState() : StoreState.Restore(snapshot.Head, snapshot.Range(default, null));
            Keeper.Restart(Store.View);
        }

        public StoreState Store { get; }

        public LeaseKeeper Keeper { get; } = new(Options);

        public void Apply(Command command)
        {
            Store.Apply(command);
            foreach (var lease in Store.TouchedLeases) Keeper.Follow(lease, Store.View.GetLease(lease));
        }

        public void CatchUp(List<Command> log)
        {
            while (_applied < log.Count) Apply(log[_applied++]);
        }

        public Command? Tick(bool isLeading) => Keeper.Tick(isLeading, isWaiting: false);

        public Command? Ticks(int count, bool isLeading = true)
        {
            for (var tick = 0; tick < count; tick++)
            {
                if (Keeper.Tick(isLeading, isWaiting: false) is { } command) return command;
            }

            return null;
        }

        public int TicksUntil<T>()
            where T : Command
        {
            for (var tick = 1; ; tick++)
            {
                switch (Keeper.Tick(isLeading: true, isWaiting: false))
                {
                    case T: return tick;
                    case { } other: Apply(other); break;
                }

                Assert.True(tick < 10_000);
            }
        }

        public T NextOf<T>(bool settle = false)
            where T : Command
        {
            for (var tick = 1; tick < 10_000; tick++)
            {
                var command = Keeper.Tick(isLeading: true, isWaiting: false);
                if (command is T wanted) return wanted;
                if (command is not null && settle) Apply(command);
            }

            throw new InvalidOperationException("it never came");
        }
    }
}
