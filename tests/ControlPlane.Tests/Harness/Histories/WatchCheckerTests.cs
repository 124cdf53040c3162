using ControlPlane.Harness.Histories;

namespace ControlPlane.Tests.Harness.Histories;

/// <summary>The judge of watches: ordered, gapless, without repeats, resumable; compaction excuses what it took away.</summary>
public sealed class WatchCheckerTests
{
    private static readonly KeyChange A1 = new(1, "a", "1");
    private static readonly KeyChange B2 = new(2, "b", "2");
    private static readonly KeyChange A3 = new(3, "a", null);
    private static readonly KeyChange B3 = new(3, "b", "3");
    private static readonly KeyChange A4 = new(4, "a", "4");

    [Fact]
    public void All_changes_in_order_are_accepted()
    {
        Assert.Null(Check(1, 4, "", A1, B2, A3, B3, A4));
        Assert.Null(Check(1, 4, "", A1, B2, B3, A3, A4));
        Assert.Null(Check(1, 4, "a", A1, A3, A4));
        Assert.Null(Check(3, null, "", A3, B3));
        Assert.Null(Check(1, null, ""));
    }

    [Fact]
    public void What_every_watcher_was_told_is_gone_is_covered_by_none()
    {
        var first = new WatchRecord("first", "", 1, null, [new Receipt.Changed(A1), new Receipt.Compacted(4), new Receipt.Resumed(4), new Receipt.Changed(A4)]);
        var second = new WatchRecord("second", "", 1, null, [new Receipt.Changed(A1), new Receipt.Changed(B2)]);

        Assert.Equal([1L, 2L, 4L], Enumerable.Range(1, 5).Select(revision => (long)revision).Where(new WatchCoverage([first, second]).Includes));
        Assert.Equal([1L, 4L], Enumerable.Range(1, 5).Select(revision => (long)revision).Where(new WatchCoverage([first]).Includes));
    }

    [Fact]
    public void A_gap_a_repeat_and_a_step_back_are_told_apart()
    {
        Assert.Contains("a gap: a = \"4\" at revision 4 came before a = nothing at revision 3", Check(1, 4, "", A1, B2, A4));
        Assert.Contains("told twice: b = \"2\"", Check(1, 4, "", A1, B2, B2));
        Assert.Contains("revisions went back from 2: a = \"1\"", Check(1, 4, "", A1, B2, A1));
        Assert.Contains("a gap", Check(1, 4, "", A1, B2, A3, A4));
    }

    [Fact]
    public void A_change_that_never_came_is_missed_only_when_there_was_time_for_it()
    {
        Assert.Null(Check(1, 3, "", A1, B2, A3, B3));
        Assert.Contains("ended at revision 4, but never told of a = \"4\"", Check(1, 4, "", A1, B2, A3, B3));
    }

    [Fact]
    public void Inventions_are_named()
    {
        Assert.Contains("never happened: c = \"9\"", Check(1, null, "", A1, new KeyChange(2, "c", "9")));
        Assert.Contains("told another value: b = \"9\" at revision 2, it was \"2\"", Check(1, null, "", A1, B2 with { Value = "9" }));
        Assert.Contains("a key it did not ask for", Check(1, null, "a", A1, B2));
        Assert.Contains("before revision 3, which it asked for", Check(3, null, "", B2));
    }

    [Fact]
    public void A_watcher_that_resumes_misses_nothing_and_gets_again_only_what_it_asks_for()
    {
        Assert.Null(Check(1, 4, "", A1, B2, new Receipt.Resumed(3), A3, B3, A4));
        Assert.Null(Check(1, 4, "", A1, B2, new Receipt.Resumed(2), B2, A3, B3, A4));
        Assert.Contains("before revision 3", Check(1, 4, "", A1, B2, new Receipt.Resumed(3), B2, A3, B3, A4));
        Assert.Contains("resumed at revision 4 without having been told of a = nothing", Check(1, 4, "", A1, B2, new Receipt.Resumed(4), A4));
    }

    [Fact]
    public void Progress_promises_everything_before_it()
    {
        Assert.Null(Check(1, 4, "", A1, B2, new Receipt.Progress(2), A3, B3, A4, new Receipt.Progress(9)));
        Assert.Contains("told at progress 3 that it has everything, but never told of b = \"3\"", Check(1, 4, "", A1, B2, A3, new Receipt.Progress(3), B3, A4));
    }

    [Fact]
    public void Compaction_excuses_what_it_took_away_and_nothing_else()
    {
        Receipt[] excused = [new Receipt.Changed(A1), new Receipt.Compacted(3), new Receipt.Resumed(3), new Receipt.Changed(A3), new Receipt.Changed(B3), new Receipt.Changed(A4)];
        Assert.Null(WatchChecker.Check(new WatchRecord("w", "", 1, 4, excused), History(), compactedRevision: 3));
        Assert.Contains("only 2 was ever compacted", WatchChecker.Check(new WatchRecord("w", "", 1, 4, excused), History(), compactedRevision: 2));
        Receipt[] greedy = [new Receipt.Compacted(3), new Receipt.Resumed(4), new Receipt.Changed(A4)];
        Assert.Contains("without having been told of a = nothing", WatchChecker.Check(new WatchRecord("w", "", 1, 4, greedy), History(), compactedRevision: 3));
        Receipt[] needless = [new Receipt.Compacted(3)];
        Assert.Contains("after asking for 3", WatchChecker.Check(new WatchRecord("w", "", 3, null, needless), History(), compactedRevision: 3));
    }

    [Fact]
    public void Two_sources_that_contradict_each_other_are_noticed()
    {
        var history = History();
        Assert.Null(history.Add(B2));
        Assert.Equal("two histories: b = \"9\" at revision 2, but \"2\" elsewhere", history.Add(B2 with { Value = "9" }));
    }

    [Fact]
    public void Any_receipt_dropped_doubled_or_swapped_is_found()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var changes = Enumerable.Range(1, 40).SelectMany(revision => Enumerable.Range(0, random.Next(1, 4)).Select(key => new KeyChange(revision, $"k{key}", $"{revision}"))).ToList();
            var history = new ChangeHistory();
            foreach (var change in changes) Assert.Null(history.Add(change));
            var receipts = changes.Select(change => (Receipt)new Receipt.Changed(change)).ToList();
            Assert.Null(WatchChecker.Check(new WatchRecord("w", "", 1, 40, receipts), history));
            var at = random.Next(receipts.Count - 1);
            switch (random.Next(3))
            {
                case 0: receipts.RemoveAt(at); break;
                case 1: receipts.Insert(random.Next(at, receipts.Count), receipts[at]); break;
                default:
                    var other = receipts.FindIndex(at, receipt => ((Receipt.Changed)receipt).Change.Revision > changes[at].Revision);
                    if (other < 0) continue;
                    (receipts[at], receipts[other]) = (receipts[other], receipts[at]);
                    break;
            }

            Assert.NotNull(WatchChecker.Check(new WatchRecord("w", "", 1, 40, receipts), history));
        }
    }

    private static string? Check(long from, long? through, string prefix, params object[] receipts) =>
        WatchChecker.Check(new WatchRecord("w", prefix, from, through, [.. receipts.Select(receipt => receipt as Receipt ?? new Receipt.Changed((KeyChange)receipt))]), History());

    private static ChangeHistory History()
    {
        var history = new ChangeHistory();
        foreach (var change in new[] { A1, B2, A3, B3, A4 }) Assert.Null(history.Add(change));
        return history;
    }
}
