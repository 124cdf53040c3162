using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Store.Leases;

public sealed class LeaseTests
{
    [Fact]
    public void Revoking_a_lease_deletes_its_keys_in_one_revision()
    {
        var state = Granted(1, 2);
        state.Run(Put("a", "1", 1), Put("b", "1", 2), Put("c", "1", 1), Put("d", "1"));

        var result = Assert.IsType<LeaseResult>(state.Apply(new RevokeLease(new LeaseId(1))));

        Assert.Equal(2, result.Revision.Value);
        Assert.Equal("b=1 d=1", state.View.Line());
        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(new Revision(1), 10));
        Assert.Equal("a c", string.Join(' ', read.Changes.Select(change => Text(change.Key))));
        Assert.Null(state.View.GetLease(new LeaseId(1)));
    }

    [Fact]
    public void A_key_put_without_its_lease_leaves_it()
    {
        var state = Granted(1);
        state.Run(Put("a", "1", 1), Put("b", "1", 1), Put("c", "1", 1));
        state.Run(Put("a", "2"));
        state.Run(Delete("b"));

        Assert.Equal("c", string.Join(' ', state.View.KeysUnder(new LeaseId(1)).Select(record => Text(record.Key))));
        state.Apply(new RevokeLease(new LeaseId(1)));
        Assert.Equal("a=2", state.View.Line());
    }

    [Fact]
    public void A_put_under_an_unknown_lease_is_refused_and_changes_nothing()
    {
        var state = Granted(1);

        var result = state.Apply(Always(Put("a", "1"), Put("b", "1", 9)));

        Assert.Contains("lease 9", Assert.IsType<RefusedResult>(result).Reason);
        Assert.Equal("", state.View.Line());
    }

    [Fact]
    public void Granting_twice_and_naming_unknown_leases_is_reported_back()
    {
        var state = Granted(1);

        Assert.Equal(1, Assert.Single(Assert.IsType<LeaseResult>(state.Apply(new GrantLease(new LeaseId(1), 60))).Unknown).Value);
        Assert.Equal(10, state.View.GetLease(new LeaseId(1))!.TimeToLiveSeconds);
        Assert.Equal([new LeaseId(2)], Assert.IsType<LeaseResult>(state.Apply(new RenewLeases([new(1), new(2)]))).Unknown);
        Assert.Equal([new LeaseId(2)], Assert.IsType<LeaseResult>(state.Apply(new RevokeLease(new(2)))).Unknown);
        Assert.IsType<RefusedResult>(state.Apply(new GrantLease(LeaseId.None, 10)));
        Assert.IsType<RefusedResult>(state.Apply(new GrantLease(new(3), 0)));
    }

    private static StoreState Granted(params long[] leases)
    {
        var state = new StoreState();
        foreach (var lease in leases) state.Apply(new GrantLease(new LeaseId(lease), 10));
        return state;
    }
}
