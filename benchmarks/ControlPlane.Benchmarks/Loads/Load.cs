using System.Diagnostics;

namespace ControlPlane.Benchmarks.Loads;

/// <summary>A closed loop: so many clients, each with one operation in flight, for a given time.</summary>
internal static class Load
{
    /// <param name="operation">Given the client's number and the number of its operation; completes when the operation is acknowledged.</param>
    public static async Task<LoadResult> RunAsync(int clients, TimeSpan duration, Func<int, long, ValueTask> operation)
    {
        var latencies = Enumerable.Range(0, clients).Select(_ => new LatencyHistogram()).ToArray();
        var (allocated, collections) = (GC.GetTotalAllocatedBytes(), GC.CollectionCount(0));
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            for (long number = 0; clock.Elapsed < duration; number++)
            {
                var started = Stopwatch.GetTimestamp();
                await operation(client, number);
                latencies[client].RecordSince(started);
            }
        })));
        var seconds = clock.Elapsed.TotalSeconds;
        var all = new LatencyHistogram();
        foreach (var one in latencies) all.Add(one);
        return new LoadResult(all.Count, seconds, all.Milliseconds(0.5), all.Milliseconds(0.99), GC.GetTotalAllocatedBytes() - allocated, GC.CollectionCount(0) - collections);
    }
}

/// <summary>What a load came to.</summary>
/// <param name="AllocatedBytes">By the process that carried the load, during it.</param>
/// <param name="Collections">Garbage collections of that process, of every generation.</param>
internal sealed record LoadResult(long Count, double Seconds, double P50Milliseconds, double P99Milliseconds, long AllocatedBytes, int Collections)
{
    public double PerSecond => Count / Seconds;
}
