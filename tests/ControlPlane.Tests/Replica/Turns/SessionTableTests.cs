using ControlPlane.Replica;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Tests.Replica.Turns;

public sealed class SessionTableTests
{
    [Fact]
    public void A_request_enters_once_in_whatever_order_requests_come()
    {
        var table = new SessionTable();
        Assert.True(table.TryEnter(Request(2)));
        Assert.True(table.TryEnter(Request(1)));
        Assert.False(table.TryEnter(Request(2)));
        Assert.False(table.TryEnter(Request(1)));
    }

    [Fact]
    public void What_its_origin_has_settled_is_forgotten_and_still_does_not_enter()
    {
        var table = new SessionTable();
        for (ulong sequence = 1; sequence <= 1000; sequence++) Assert.True(table.TryEnter(Request(sequence, oldestOpen: sequence)));
        Assert.Single(table.Sessions.Single().Applied);
        Assert.False(table.TryEnter(Request(17)));
    }

    [Fact]
    public void A_request_of_an_earlier_life_of_its_origin_does_not_enter()
    {
        var table = new SessionTable();
        Assert.True(table.TryEnter(Request(1, incarnation: 2)));
        Assert.False(table.TryEnter(Request(2, incarnation: 1)));
        Assert.True(table.TryEnter(Request(1, incarnation: 3)));
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        var table = new SessionTable();
        Assert.True(table.TryEnter(Request(1)));
        var copy = table.Copy();
        Assert.True(table.TryEnter(Request(2)));
        Assert.True(copy.TryEnter(Request(2)));
        Assert.False(copy.TryEnter(Request(1)));
    }

    private static RequestId Request(ulong sequence, ulong oldestOpen = 1, ulong incarnation = 1) => new(new MemberId(9), incarnation, sequence, oldestOpen);
}
