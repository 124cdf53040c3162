namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>How long nobody's write was acknowledged, told from the times of acknowledgements.</summary>
internal sealed class Outages(IEnumerable<long> acknowledgedMicroseconds, IReadOnlyList<FaultSpan> faults)
{
    private readonly long[] _times = [.. acknowledgedMicroseconds.Order()];

    public int AcknowledgedCount => _times.Length;

    /// <summary>The longest gap between acknowledgements that began or ended within the span.</summary>
    public TimeSpan Longest(long fromMicroseconds, long toMicroseconds)
    {
        long longest = 0;
        var first = Math.Max(1, Array.BinarySearch(_times, fromMicroseconds) is var at && at >= 0 ? at : ~at);
        for (var next = first; next < _times.Length && _times[next - 1] <= toMicroseconds; next++) longest = Math.Max(longest, _times[next] - _times[next - 1]);
        return TimeSpan.FromMicroseconds(longest);
    }

    // Processes that were killed need a while to be back after the fault is over; what follows is theirs, not the next fault's.
    private const long AftermathMicroseconds = 5_000_000;

    /// <summary>The longest gap of each fault that left a majority able to work and came alone: beside no other, since two together may take the majority
    /// away, and not in the aftermath of one that left none; shortest first.</summary>
    public IReadOnlyList<TimeSpan> WithMajority() => LongestOf(faults.Where(fault => fault.KeepsMajority && !faults.Any(other => other != fault
        && other.FromMicroseconds <= fault.ToMicroseconds && other.ToMicroseconds + (other.KeepsMajority ? 0 : AftermathMicroseconds) >= fault.FromMicroseconds)));

    /// <summary>The longest gap of each fault that left no majority, shortest first.</summary>
    public IReadOnlyList<TimeSpan> WithoutMajority() => LongestOf(faults.Where(fault => !fault.KeepsMajority));

    private IReadOnlyList<TimeSpan> LongestOf(IEnumerable<FaultSpan> spans) => [.. spans.Select(fault => Longest(fault.FromMicroseconds, fault.ToMicroseconds)).Order()];

    /// <summary>The longest gaps with the times they began at, on the journal's clock: "11.0 s at 321.5 s", longest first.</summary>
    public string DescribeLongest(int count) => string.Join(", ", Enumerable.Range(1, Math.Max(0, _times.Length - 1))
        .Select(next => (From: _times[next - 1], Gap: _times[next] - _times[next - 1]))
        .OrderByDescending(outage => outage.Gap).Take(count)
        .Select(outage => $"{TimeSpan.FromMicroseconds(outage.Gap).TotalSeconds:0.00} s at {TimeSpan.FromMicroseconds(outage.From).TotalSeconds:0.0} s"));

    /// <summary>One value a fault: "p50 0.31 s, p99 1.20 s, longest 1.44 s (18 faults)".</summary>
    public static string Describe(IReadOnlyList<TimeSpan> gaps) => gaps.Count == 0
        ? "no such fault"
        : $"p50 {At(gaps, 0.5):0.00} s, p99 {At(gaps, 0.99):0.00} s, longest {gaps[^1].TotalSeconds:0.00} s ({gaps.Count} faults)";

    private static double At(IReadOnlyList<TimeSpan> gaps, double part) => gaps[Math.Min(gaps.Count - 1, (int)(gaps.Count * part))].TotalSeconds;
}

/// <param name="FromMicroseconds">Its beginning, on the journal's clock.</param>
/// <param name="ToMicroseconds">When it had been put right.</param>
/// <param name="KeepsMajority">The group could have gone on.</param>
internal sealed record FaultSpan(long FromMicroseconds, long ToMicroseconds, bool KeepsMajority);
