namespace ControlPlane.Harness.Histories;

/// <summary>Which revisions somebody was watching: all but those that every watcher was told are compacted, and those that nobody has reached.</summary>
/// <remarks>Pure. A write that was acknowledged at a revision nobody watched is judged by the reads of its key alone.</remarks>
public sealed class WatchCoverage
{
    private readonly IReadOnlyList<Range> _ranges;

    /// <param name="watches">All of them follow the same keys.</param>
    public WatchCoverage(IEnumerable<WatchRecord> watches) => _ranges = [.. watches.SelectMany(RangesOf)];

    public bool Includes(long revision) => _ranges.Any(range => range.From <= revision && revision <= range.Through);

    private static IEnumerable<Range> RangesOf(WatchRecord watch)
    {
        var from = watch.FromRevision;
        var through = from - 1;
        foreach (var receipt in watch.Receipts)
        {
            switch (receipt)
            {
                case Receipt.Changed(var change):
                    through = Math.Max(through, change.Revision);
                    break;
                case Receipt.Compacted(var floor):
                    yield return new(from, through);
                    (from, through) = (floor, floor - 1);
                    break;
            }
        }

        yield return new(from, through);
    }

    private readonly record struct Range(long From, long Through);
}
