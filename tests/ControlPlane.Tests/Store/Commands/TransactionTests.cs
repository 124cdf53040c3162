using System.Collections.Immutable;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using static ControlPlane.Tests.Store.Keys;

namespace ControlPlane.Tests.Store.Commands;

/// <summary>Comparisons of ranges, kept values, and transactions inside transactions.</summary>
public sealed class TransactionTests
{
    private readonly StoreState _state = new();

    [Fact]
    public void A_comparison_of_a_range_holds_when_it_holds_for_every_key_in_it()
    {
        _state.Run(Put("a1", "x"), Put("a2", "x"), Put("b", "y"));

        Assert.True(Holds(new Compare.Value(Bytes("a"), Comparison.Equal, Bytes("x")) { End = Bytes("b") }));
        Assert.False(Holds(new Compare.Value(Bytes("a"), Comparison.Equal, Bytes("x")) { End = ReadOnlyMemory<byte>.Empty }));
        Assert.True(Holds(new Compare.ModifiedRevision(Bytes("a"), Comparison.Equal, new Revision(1)) { End = ReadOnlyMemory<byte>.Empty }));
    }

    [Fact]
    public void A_comparison_of_an_empty_range_is_one_of_a_key_that_does_not_exist()
    {
        _state.Run(Put("a", "x"));

        Assert.True(Holds(new Compare.CreatedRevision(Bytes("b"), Comparison.Equal, Revision.Zero) { End = ReadOnlyMemory<byte>.Empty }));
        Assert.False(Holds(new Compare.Version(Bytes("b"), Comparison.Greater, 0) { End = Bytes("c") }));
    }

    [Fact]
    public void A_put_can_keep_the_value_or_the_lease_of_a_key_that_exists()
    {
        _state.Apply(new GrantLease(new LeaseId(7), 60));
        _state.Run(Put("a", "1", lease: 7));

        _state.Run(new Operation.Put(Bytes("a"), Bytes("2"), LeaseId.None) { KeepsLease = true });
        Assert.Equal(("2", 7L), (Text(_state.View.Get("a")!.Value), _state.View.Get("a")!.Lease.Value));

        _state.Run(new Operation.Put(Bytes("a"), default, LeaseId.None) { KeepsValue = true });
        Assert.Equal(("2", 0L, 3L), (Text(_state.View.Get("a")!.Value), _state.View.Get("a")!.Lease.Value, _state.View.Get("a")!.Version));

        var refused = Assert.IsType<RefusedResult>(_state.Apply(Always(new Operation.Put(Bytes("b"), default, LeaseId.None) { KeepsValue = true })));
        Assert.Equal(Refusal.NoSuchKey, refused.Refusal);
    }

    [Fact]
    public void A_nested_transaction_chooses_by_the_state_before_the_first_change_and_shares_the_revision()
    {
        var inner = new Transaction([new Compare.Version(Bytes("a"), Comparison.Equal, 0)], [Put("b", "a was absent")], [Put("b", "a was there")]);

        var result = _state.Run(Put("a", "1"), new Operation.Nested(inner), Read("b"));

        Assert.Equal(1, result.Revision.Value);
        Assert.True(Assert.IsType<OperationResult.Nested>(result.Operations[1]).Succeeded);
        Assert.Equal("a=1 b=a was absent", _state.View.Line());
        Assert.Single(Assert.IsType<OperationResult.Read>(result.Operations[2]).Records);
    }

    [Fact]
    public void A_refusal_deep_inside_refuses_the_whole_transaction()
    {
        var inner = new Transaction([], [Put("b", "2", lease: 9)], []);

        var result = _state.Apply(Always(Put("a", "1"), new Operation.Nested(inner)));

        Assert.Equal(Refusal.NoSuchLease, Assert.IsType<RefusedResult>(result).Refusal);
        Assert.Equal(0, _state.View.KeyCount);
    }

    [Theory]
    [InlineData(true, "put a", "nest(put a | )")]
    [InlineData(true, "delete a~", "nest( | put b)")]
    [InlineData(true, "nest(put a | )", "nest( | put a)")]
    [InlineData(true, "nest(delete a | )", "put a")]
    [InlineData(true, "nest(nest(put a | ) | )", "put a")]
    [InlineData(true, "nest(put a, put a | )")]
    [InlineData(false, "nest(put a | put a)", "put b")]
    [InlineData(false, "nest(put a | delete a)", "put b")]
    [InlineData(false, "delete a", "delete a~", "nest(delete a | )")]
    [InlineData(false, "nest(nest(put a | put a) | put a)", "delete b")]
    public void A_key_may_be_changed_once_on_every_way_through_a_transaction(bool isRefused, params string[] operations)
    {
        var result = _state.Apply(Always([.. operations.Select(Parse)]));
        Assert.Equal(isRefused, result is RefusedResult { Refusal: Refusal.ChangedTwice });
    }

    [Fact]
    public void A_read_tells_how_many_keys_its_limit_left_out()
    {
        _state.Run(Put("a", "1"), Put("b", "2"), Put("c", "3"));

        var result = _state.Run(new Operation.Read(Bytes("a"), ReadOnlyMemory<byte>.Empty, 1), new Operation.Read(Bytes("a"), Bytes("c"), 2), new Operation.Read(Bytes("b"), null, 1));

        Assert.Equal([3, 2, 1], result.Operations.Cast<OperationResult.Read>().Select(read => read.Count));
        Assert.Equal([1, 2, 1], result.Operations.Cast<OperationResult.Read>().Select(read => read.Records.Length));
    }

    [Fact]
    public void A_delete_with_an_empty_end_reaches_to_the_last_key()
    {
        _state.Run(Put("a", "1"), Put("b", "2"), Put("c", "3"));
        _state.Run(new Operation.Delete(Bytes("b"), ReadOnlyMemory<byte>.Empty));
        Assert.Equal("a=1", _state.View.Line());
    }

    [Fact]
    public void A_compaction_tells_whether_it_moved_the_floor()
    {
        _state.Run(Put("a", "1"));
        _state.Run(Put("a", "2"));
        Assert.True(Assert.IsType<CompactResult>(_state.Apply(new Compact(new Revision(1)))).HasMoved);
        Assert.False(Assert.IsType<CompactResult>(_state.Apply(new Compact(new Revision(1)))).HasMoved);
        Assert.Equal(Refusal.InTheFuture, Assert.IsType<RefusedResult>(_state.Apply(new Compact(new Revision(3)))).Refusal);
    }

    private bool Holds(Compare compare) => Assert.IsType<TransactionResult>(_state.Apply(new Transaction([compare], [], []))).Succeeded;

    /// <summary><c>put a</c>, <c>delete a</c>, <c>delete a~</c> (from a on), <c>nest(success | failure)</c>.</summary>
    private static Operation Parse(string text)
    {
        if (text.StartsWith("put ", StringComparison.Ordinal)) return Put(text[4..], "x");
        if (text.StartsWith("delete ", StringComparison.Ordinal)) return text.EndsWith('~') ? new Operation.Delete(Bytes(text[7..^1]), ReadOnlyMemory<byte>.Empty) : Delete(text[7..]);
        var inside = text["nest(".Length..^1];
        var bar = inside.LastIndexOf(" | ", StringComparison.Ordinal);
        if (bar < 0) bar = inside.IndexOf('|') - 1;
        return new Operation.Nested(new Transaction([], List(inside[..bar]), List(inside[(bar + 2)..])));

        static ImmutableArray<Operation> List(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }
}
