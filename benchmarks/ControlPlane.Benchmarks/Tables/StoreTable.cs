using System.Globalization;

namespace ControlPlane.Benchmarks.Tables;

/// <summary>Rows of several runs, printed as Markdown: work in the order it was first done, the stores below each other, and how many times better than etcd.</summary>
internal sealed class StoreTable
{
    public const string Reference = "etcd";

    private readonly List<Row> _rows = [];

    public void Add(Row row)
    {
        _rows.Add(row);
        // A long run should show that it goes on.
        Console.Error.WriteLine(Line(row, null));
    }

    public void Print(TextWriter output)
    {
        output.WriteLine("| work | store | figure | p50 ms | p99 ms | CPU µs an operation | MiB | × etcd |");
        output.WriteLine("|---|---|--:|--:|--:|--:|--:|--:|");
        foreach (var work in _rows.GroupBy(row => row.Work))
        {
            var stores = work.GroupBy(row => row.Store).Select(store => Row.MedianOf([.. store])).ToList();
            var reference = stores.Find(row => row.Store == Reference);
            foreach (var row in stores) output.WriteLine(Line(row, reference));
        }
    }

    private static string Line(Row row, Row? reference)
    {
        var ratio = reference is null || row.Store == Reference ? "" : Figure(row.Against(reference));
        return $"| {row.Work} | {row.Store} | {Figure(row.Value)} {row.Unit} | {Figure(row.P50Milliseconds)} | {Figure(row.P99Milliseconds)} | {Figure(row.CpuMicroseconds)} | {Figure(row.Mebibytes)} | {ratio} |";
    }

    private static string Figure(double? value) => value switch
    {
        null => "",
        >= 100 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
