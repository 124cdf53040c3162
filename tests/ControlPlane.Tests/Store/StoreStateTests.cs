using ControlPlane.Store;
using ControlPlane.Store.Commands;
using static ControlPlane.Tests.Store.Keys;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Store;

public sealed class StoreStateTests
{
    [Fact]
    public void A_put_makes_a_record_and_raises_the_revision_by_one()
    {
        var state = new StoreState();

        var created = state.Run(Put("a", "1"));
        var changed = state.Run(Put("a", "2"));

        Assert.Equal((1, 2), (created.Revision.Value, changed.Revision.Value));
        var record = state.View.Get("a")!;
        Assert.Equal(("2", 1L, 2L, 2L), (Text(record.Value), record.Created.Value, record.Modified.Value, record.Version));
    }

    [Fact]
    public void A_key_put_again_after_its_deletion_starts_over()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"));
        state.Run(Put("a", "2"));
        state.Run(Delete("a"));
        state.Run(Put("a", "3"));

        var record = state.View.Get("a")!;
        Assert.Equal((4L, 4L, 1L), (record.Created.Value, record.Modified.Value, record.Version));
    }

    [Fact]
    public void All_operations_of_a_transaction_share_one_revision_and_see_each_other()
    {
        var state = new StoreState();
        state.Run(Put("b", "0"));

        var result = state.Run(Put("a", "1"), Delete("b"), Put("c", "3"), Read("a"), Read("b"));

        Assert.Equal(2, result.Revision.Value);
        Assert.Equal("a=1 c=3", state.View.Line());
        Assert.All(state.View.Range(default, null), record => Assert.Equal(2, record.Modified.Value));
        var read = Assert.IsType<OperationResult.Read>(result.Operations[3]);
        Assert.Equal("1", Text(Assert.Single(read.Records).Value));
        Assert.Empty(Assert.IsType<OperationResult.Read>(result.Operations[4]).Records);
    }

    [Fact]
    public void A_transaction_that_mutates_nothing_keeps_the_revision()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"));

        var result = state.Run(Delete("absent"), DeleteRange("x", "z"), Read("a"));

        Assert.Equal(1, result.Revision.Value);
        Assert.Equal(1, state.View.Revision.Value);
    }

    [Fact]
    public void The_failure_branch_runs_when_a_comparison_fails()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"));
        var transaction = new Transaction(
            [
                new Compare.Version(Bytes("a"), Comparison.Equal, 1),
                new Compare.Value(Bytes("a"), Comparison.Equal, Bytes("other")),
            ],
            [Put("a", "success")],
            [Put("a", "failure")]);

        var result = Assert.IsType<TransactionResult>(state.Apply(transaction));

        Assert.False(result.Succeeded);
        Assert.Equal("a=failure", state.View.Line());
    }

    [Fact]
    public void Put_if_creates_only_what_does_not_exist_and_changes_only_what_was_read()
    {
        var state = new StoreState();

        Assert.True(Succeeded(Transaction.PutIf(Bytes("a"), Revision.Zero, Bytes("1"))));
        Assert.False(Succeeded(Transaction.PutIf(Bytes("a"), Revision.Zero, Bytes("2"))));
        Assert.True(Succeeded(Transaction.PutIf(Bytes("a"), new Revision(1), Bytes("3"))));
        Assert.False(Succeeded(Transaction.DeleteIf(Bytes("a"), new Revision(1))));
        Assert.True(Succeeded(Transaction.DeleteIf(Bytes("a"), new Revision(2))));
        Assert.Equal("", state.View.Line());

        bool Succeeded(Transaction transaction) => Assert.IsType<TransactionResult>(state.Apply(transaction)).Succeeded;
    }

    public static TheoryData<string> ChangedTwice => ["put put", "put delete", "delete put", "put range", "range put"];

    [Theory]
    [MemberData(nameof(ChangedTwice))]
    public void A_key_changed_twice_in_one_transaction_is_refused_whole(string steps)
    {
        var state = new StoreState();
        state.Run(Put("k", "before"));
        var operations = steps.Split(' ').Select(step => step switch
        {
            "put" => Put("k", "x"),
            "delete" => Delete("k"),
            _ => DeleteRange("a", "z"),
        });

        var result = state.Apply(Always([.. operations]));

        Assert.Contains("twice", Assert.IsType<RefusedResult>(result).Reason);
        Assert.Equal("k=before", state.View.Line());
        Assert.Equal(1, state.View.Revision.Value);
    }

    [Fact]
    public void A_put_beside_a_deleted_range_is_not_a_second_change()
    {
        var state = new StoreState();
        state.Run(Put("b", "1"));

        var result = state.Run(DeleteRange("a", "c"), Put("c", "2"), Put("0", "3"));

        Assert.Equal(2, result.Revision.Value);
        Assert.Equal("0=3 c=2", state.View.Line());
    }

    [Fact]
    public void Each_transaction_of_a_batch_has_its_own_revision_and_answer()
    {
        var state = new StoreState();

        var result = Assert.IsType<BatchResult>(state.Apply(new Batch(
        [
            Always(Put("a", "1")),
            Transaction.PutIf(Bytes("a"), Revision.Zero, Bytes("conflict")),
            Always(Put("x", "1"), Put("x", "2")),
            Transaction.PutIf(Bytes("a"), new Revision(1), Bytes("2")),
        ])));

        Assert.Equal("1 True, 1 False, refused, 2 True", string.Join(", ", result.Transactions.Select(one => one switch
        {
            TransactionResult ran => $"{ran.Revision} {ran.Succeeded}",
            _ => "refused",
        })));
        Assert.Equal("a=2", state.View.Line());
    }

    [Fact]
    public void A_restored_store_goes_on_as_the_one_it_was_taken_from()
    {
        var source = new StoreState();
        source.Apply(new GrantLease(new LeaseId(7), 30));
        for (var index = 0; index < 1000; index++) source.Run(Put($"k{index * 7 % 1000:d4}", $"{index}", index % 5 == 0 ? 7 : 0));
        source.Apply(new Compact(new Revision(400)));

        var view = source.View;
        var target = StoreState.Restore(view.Head, view.Range(default, null));

        Assert.Equal(view.StateHash, target.View.StateHash);
        Assert.Equal(view.Revision, target.View.Floor);
        Assert.Equal(view.CompactionFloor, target.View.CompactionFloor);
        foreach (var command in new Command[] { Always(Put("k0500", "x")), new RevokeLease(new LeaseId(7)), new Compact(new Revision(10)) })
            Assert.Equal(source.Apply(command).ToString(), target.Apply(command).ToString());
        Assert.Equal(source.View.Line(), target.View.Line());
        Assert.Equal(source.View.StateHash, target.View.StateHash);
    }

    [Fact]
    public void A_snapshot_that_contradicts_itself_is_refused()
    {
        var record = new Record(Bytes("a"), Bytes("1"), new Revision(1), new Revision(5), 2, new LeaseId(3));

        Assert.Throws<ArgumentException>(() => Restore(5, record with { Lease = LeaseId.None }, record with { Lease = LeaseId.None }));
        Assert.Throws<ArgumentException>(() => Restore(4, record with { Lease = LeaseId.None }));
        Assert.Throws<ArgumentException>(() => Restore(5, record));
        Assert.Throws<ArgumentException>(() => StoreState.Restore(new StoreHead(new Revision(5), new Revision(6)), []));

        static void Restore(long revision, params Record[] records) => StoreState.Restore(new StoreHead(new Revision(revision), Revision.Zero), records);
    }
}
