using System.Buffers.Binary;
using System.Diagnostics;
using ControlPlane.Benchmarks.Loads;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;

namespace ControlPlane.Benchmarks.Members;

/// <summary>Many watchers in process, each with its own cursor; one key is put twenty times a second.</summary>
internal static class WatchFanOut
{
    private const int PutsPerSecond = 20;
    private const int ReadLimit = 100;

    public static async Task<LoadResult> RunAsync(IReplicatedStore store, int watchers, double seconds)
    {
        var latencies = Enumerable.Range(0, watchers).Select(_ => new LatencyHistogram()).ToArray();
        using var stop = new CancellationTokenSource();
        var start = store.Latest.Revision;
        var watching = latencies.Select(latency => WatchAsync(store, start, latency, stop.Token)).ToArray();
        var clock = Stopwatch.StartNew();
        using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PutsPerSecond)))
        {
            while (clock.Elapsed.TotalSeconds < seconds && await timer.WaitForNextTickAsync())
            {
                var value = new byte[256];
                BinaryPrimitives.WriteInt64LittleEndian(value, Stopwatch.GetTimestamp());
                await store.ProposeAsync(new Transaction([], [new Operation.Put("/watched"u8.ToArray(), value, LeaseId.None)], []), CancellationToken.None);
            }
        }

        var expected = (store.Latest.Revision.Value - start.Value) * watchers;
        while (latencies.Sum(latency => latency.Count) < expected && clock.Elapsed.TotalSeconds < seconds + 5) await Task.Delay(10);
        var elapsed = clock.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(watching);
        var all = new LatencyHistogram();
        foreach (var latency in latencies) all.Add(latency);
        return new LoadResult(all.Count, elapsed, all.Milliseconds(0.5), all.Milliseconds(0.99), 0, 0);
    }

    private static async Task WatchAsync(IReplicatedStore store, Revision cursor, LatencyHistogram latency, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await store.WaitForChangeAsync(cursor, stop);
                if (store.Latest.ReadChanges(cursor, ReadLimit) is not ChangesOutcome.Read read) throw new InvalidOperationException("a watcher that keeps up fell off");
                foreach (var change in read.Changes) latency.RecordSince(BinaryPrimitives.ReadInt64LittleEndian(change.Current!.Value.Span));
                cursor = read.Through;
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
