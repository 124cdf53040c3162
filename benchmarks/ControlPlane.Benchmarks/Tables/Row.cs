using ControlPlane.Benchmarks.Members;

namespace ControlPlane.Benchmarks.Tables;

/// <summary>One measurement of one store.</summary>
/// <param name="Work">What was done; rows of the same work are compared.</param>
/// <param name="Store">Who did it.</param>
/// <param name="Value">The figure that is compared.</param>
/// <param name="Unit">Of <paramref name="Value"/>: more is better for "/s", less for the others.</param>
internal sealed record Row(string Work, string Store, double Value, string Unit, double? P50Milliseconds = null, double? P99Milliseconds = null, double? CpuMicroseconds = null, double? Mebibytes = null)
{
    public static Row Of(string work, string store, Measured measured) => new(
        work, store, measured.Load.PerSecond, "/s", measured.Load.P50Milliseconds, measured.Load.P99Milliseconds, measured.CpuMicroseconds, measured.ResidentMebibytes);

    /// <summary>A load whose pace is given: what it costs is compared.</summary>
    public static Row OfCost(string work, string store, Measured measured) => new(
        work, store, measured.CpuMicroseconds, "µs CPU", measured.Load.P50Milliseconds, measured.Load.P99Milliseconds, measured.CpuMicroseconds, measured.ResidentMebibytes);

    /// <summary>Each figure's median of several runs of the same work and store.</summary>
    public static Row MedianOf(IReadOnlyList<Row> rows) => rows[0] with
    {
        Value = Median(rows.Select(row => (double?)row.Value))!.Value,
        P50Milliseconds = Median(rows.Select(row => row.P50Milliseconds)),
        P99Milliseconds = Median(rows.Select(row => row.P99Milliseconds)),
        CpuMicroseconds = Median(rows.Select(row => row.CpuMicroseconds)),
        Mebibytes = Median(rows.Select(row => row.Mebibytes)),
    };

    /// <summary>How many times better than <paramref name="other"/>.</summary>
    public double Against(Row other) => Unit == "/s" ? Value / other.Value : other.Value / Value;

    private static double? Median(IEnumerable<double?> figures)
    {
        var known = figures.OfType<double>().Order().ToList();
        return known.Count == 0 ? null : (known[(known.Count - 1) / 2] + known[known.Count / 2]) / 2;
    }
}
