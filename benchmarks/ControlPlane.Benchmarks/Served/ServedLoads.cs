using System.Buffers.Binary;
using System.Diagnostics;
using ControlPlane.Benchmarks.Loads;
using ControlPlane.Benchmarks.Members;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Served;

/// <summary>The loads of the table, put on a served group by one generator.</summary>
internal static class ServedLoads
{
    public const int ValueSizeBytes = 256;
    private const int KeyCount = 10_000;
    private const int FillTransactionSize = 100;
    private const int WatchesPerStream = 10;

    // Enough that no connection's lock or window is what is measured.
    private const int ConnectionsMax = 8;

    public static Task<Measured> PutAsync(ServedGroup group, int leader, int clients, double seconds)
    {
        var value = NewValue();
        return MeasureAsync(group, leader, clients, seconds, "/etcdserverpb.KV/Put", (client, number) =>
            new PutRequest { Key = KeyOf(client, number, clients), Value = value }.ToByteArray());
    }

    public static Task<Measured> GetAsync(ServedGroup group, int leader, int clients, double seconds) =>
        MeasureAsync(group, leader, clients, seconds, "/etcdserverpb.KV/Range", (client, number) =>
            new RangeRequest { Key = KeyOf(client, number, clients) }.ToByteArray());

    /// <summary>Puts <paramref name="keyCount"/> keys under <c>/list/</c>, some at a time.</summary>
    public static async Task FillAsync(ServedGroup group, int leader, int keyCount)
    {
        var value = NewValue();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async client =>
        {
            for (int part; (part = Interlocked.Increment(ref next)) < keyCount / FillTransactionSize;)
            {
                var request = new TxnRequest();
                for (var index = part * FillTransactionSize; index < (part + 1) * FillTransactionSize; index++)
                {
                    request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8($"/list/{index:d8}"), Value = value } });
                }

                await group.Clients[leader].KeysOf(client).TxnAsync(request);
            }
        }));
    }

    /// <summary>Many watchers of one key that is put some times a second; latency is from the call of the put to each delivery.</summary>
    public static async Task<Measured> WatchAsync(ServedGroup group, int member, int watchers, int putsPerSecond, double seconds)
    {
        var key = ByteString.CopyFromUtf8("/watched");
        var latencies = Enumerable.Range(0, watchers / WatchesPerStream).Select(_ => new LatencyHistogram()).ToArray();
        using var stop = new CancellationTokenSource();
        var created = 0;
        var streams = latencies.Select((latency, number) => Task.Run(async () =>
        {
            using var call = group.Clients[member].WatchesOf(number).Watch(cancellationToken: stop.Token);
            for (var watch = 0; watch < WatchesPerStream; watch++) await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = key } });
            try
            {
                await foreach (var answer in call.ResponseStream.ReadAllAsync(stop.Token))
                {
                    if (answer.Created) Interlocked.Increment(ref created);
                    foreach (var change in answer.Events) latency.RecordSince(BinaryPrimitives.ReadInt64LittleEndian(change.Kv.Value.Span));
                }
            }
            catch (Exception end) when (end is RpcException { StatusCode: StatusCode.Cancelled } or OperationCanceledException)
            {
                return;
            }
        })).ToArray();
        while (Volatile.Read(ref created) < watchers) await Task.Delay(20);

        var before = group.ProcessorTime();
        var clock = Stopwatch.StartNew();
        var puts = 0;
        using (var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / putsPerSecond)))
        {
            while (clock.Elapsed.TotalSeconds < seconds && await timer.WaitForNextTickAsync())
            {
                var value = new byte[ValueSizeBytes];
                BinaryPrimitives.WriteInt64LittleEndian(value, Stopwatch.GetTimestamp());
                await group.Clients[member].Keys.PutAsync(new PutRequest { Key = key, Value = UnsafeByteOperations.UnsafeWrap(value) });
                puts++;
            }
        }

        var expected = (long)puts * watchers;
        while (latencies.Sum(latency => latency.Count) < expected && clock.Elapsed.TotalSeconds < seconds + 10) await Task.Delay(10);
        var cpu = group.ProcessorTime() - before;
        var elapsed = clock.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        await Task.WhenAll(streams);
        var all = new LatencyHistogram();
        foreach (var latency in latencies) all.Add(latency);
        if (all.Count < expected) throw new InvalidOperationException($"{all.Count} of {expected} events were delivered");
        return new Measured(new LoadResult(all.Count, elapsed, all.Milliseconds(0.5), all.Milliseconds(0.99), 0, 0), cpu.TotalMicroseconds / all.Count, group.ResidentMebibytes());
    }

    /// <summary>From the loss of the leader until the first put that was begun after it is acknowledged by another member.</summary>
    /// <param name="lose">Makes the leader go; completes when it is gone, or paused.</param>
    public static async Task<TimeSpan> FailoverAsync(ServedGroup group, int leader, Action lose)
    {
        var survivors = Enumerable.Range(0, group.Clients.Count).Where(member => member != leader).ToArray();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var first = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        lose();
        var clock = Stopwatch.StartNew();
        for (var attempt = 0; !first.Task.IsCompleted; attempt++)
        {
            // A new attempt every ten milliseconds, whatever became of the ones before: what is measured is the group, not a client's retries.
            var keys = group.Clients[survivors[attempt % survivors.Length]].KeysOf(attempt);
            _ = TryAsync(keys, attempt);
            await Task.WhenAny(first.Task, Task.Delay(10, stop.Token));
            stop.Token.ThrowIfCancellationRequested();
        }

        var elapsed = await first.Task;
        await stop.CancelAsync();
        return elapsed;

        async Task TryAsync(KV.KVClient keys, int attempt)
        {
            try
            {
                await keys.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8($"/failover/{attempt}"), Value = NewValue() }, deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: stop.Token);
                first.TrySetResult(clock.Elapsed);
            }
            catch (RpcException)
            {
                // Another attempt is on its way already.
                return;
            }
        }
    }

    private static async Task<Measured> MeasureAsync(ServedGroup group, int leader, int clients, double seconds, string path, Func<int, long, byte[]> message)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, Math.Min(clients, ConnectionsMax)).Select(_ => LeanConnection.ConnectAsync(group.Address(leader))));
        var headers = connections[0].HeadersOf(path);
        var calls = Enumerable.Range(0, clients).Select(_ => new LeanCall()).ToArray();
        var before = group.ProcessorTime();
        var load = await Load.RunAsync(clients, TimeSpan.FromSeconds(seconds), (client, number) =>
            calls[client].CallAsync(connections[client % connections.Length], headers, message(client, number)));
        var cpu = group.ProcessorTime() - before;
        foreach (var connection in connections) await connection.DisposeAsync();
        return new Measured(load, cpu.TotalMicroseconds / load.Count, group.ResidentMebibytes());
    }

    private static ByteString KeyOf(int client, long number, int clients) => ByteString.CopyFromUtf8($"/benchmark/keys/{(client + number * clients) * 7919 % KeyCount:d8}");

    private static ByteString NewValue()
    {
        var value = new byte[ValueSizeBytes];
        new Random(1).NextBytes(value);
        return UnsafeByteOperations.UnsafeWrap(value);
    }
}
