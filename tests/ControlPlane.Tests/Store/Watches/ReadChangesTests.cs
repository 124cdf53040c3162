using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using static ControlPlane.Tests.Store.Keys;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Store.Watches;

public sealed class ReadChangesTests
{
    [Fact]
    public void A_cursor_reads_whole_revisions_in_order_without_gap_or_repeat()
    {
        var state = new StoreState();
        for (var index = 0; index < 700; index++) state.Run(Put($"a{index}", "1"), Put($"b{index}", "1"), Put($"c{index % 3}", $"{index}"));

        var seen = new List<Change>();
        for (var cursor = Revision.Zero; cursor < state.View.Revision;)
        {
            var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(cursor, 10));
            Assert.InRange(read.Changes.Count, 1, 12);
            seen.AddRange(read.Changes);
            cursor = read.Through;
        }

        Assert.Equal(2100, seen.Count);
        Assert.Equal(Enumerable.Range(0, 2100).Select(index => index / 3 + 1L), seen.Select(change => change.Revision.Value));
    }

    [Fact]
    public void A_change_carries_the_record_before_and_after()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"));
        state.Run(Put("a", "2"));
        state.Run(Delete("a"));

        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(Revision.Zero, 100));

        Assert.Equal("null>1 1>2 2>null", string.Join(' ', read.Changes.Select(change => $"{Value(change.Previous)}>{Value(change.Current)}")));

        static string Value(Record? record) => record is null ? "null" : Text(record.Value);
    }

    [Fact]
    public void A_cursor_below_the_floor_is_told_so_and_one_that_starts_with_it_loses_nothing()
    {
        var state = new StoreState();
        for (var index = 1; index <= 600; index++) state.Run(Put("k", $"{index}"));
        state.Apply(new Compact(new Revision(300)));

        Assert.Equal(300, Assert.IsType<ChangesOutcome.Compacted>(state.View.ReadChanges(new Revision(298), 10)).Floor.Value);
        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(new Revision(299), 1000));
        Assert.Equal((301, 300L, 600L), (read.Changes.Count, read.Changes[0].Revision.Value, read.Through.Value));
    }

    [Fact]
    public void A_compaction_at_the_revision_of_a_deletion_loses_neither_it_nor_a_later_one()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"), Put("b", "1"));
        state.Run(Delete("a"));
        state.Run(Delete("b"));
        state.Apply(new Compact(new Revision(2)));

        // etcd #18089 and #19179: who starts at the compaction's revision must see what it deleted.
        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(new Revision(1), 10));
        Assert.Equal("a b", string.Join(' ', read.Changes.Select(change => Text(change.Key))));
        Assert.Equal("b=1", state.View.At(new Revision(2))!.Line());
        Assert.Null(state.View.At(new Revision(1)));
    }

    [Fact]
    public void A_cursor_from_the_future_keeps_its_place()
    {
        var state = new StoreState();
        state.Run(Put("a", "1"));

        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(new Revision(9), 10));

        Assert.Empty(read.Changes);
        Assert.Equal(9, read.Through.Value);
    }

    [Fact]
    public void An_old_view_never_shows_newer_changes()
    {
        var state = new StoreState();
        for (var index = 0; index < 10; index++) state.Run(Put("k", $"{index}"));
        var old = state.View;
        for (var index = 0; index < 2000; index++) state.Run(Put("k", $"{index}"));
        state.Apply(new Compact(new Revision(1500)));

        var read = Assert.IsType<ChangesOutcome.Read>(old.ReadChanges(Revision.Zero, 10_000));

        Assert.Equal((10, 10L), (read.Changes.Count, read.Through.Value));
        Assert.Equal("k=3", old.At(new Revision(4))!.Line());
    }

    [Fact]
    public void History_stays_within_its_bytes_and_the_floor_says_what_went()
    {
        var state = new StoreState(historyBytesMax: 1 << 20);
        for (var index = 0; index < 5000; index++) state.Run(Put($"k{index % 10}", new string('x', 1000)));

        var floor = state.View.Floor;
        Assert.InRange(floor.Value, 4000, 4800);
        Assert.IsType<ChangesOutcome.Compacted>(state.View.ReadChanges(new Revision(floor.Value - 1), 10));
        var read = Assert.IsType<ChangesOutcome.Read>(state.View.ReadChanges(floor, 10_000));
        Assert.Equal(5000 - floor.Value, read.Changes.Count);
        Assert.Equal(Revision.Zero, state.View.CompactionFloor);
        Assert.Null(state.View.At(new Revision(floor.Value - 1)));
        Assert.Equal(10, state.View.At(floor)!.KeyCount);
    }
}
