using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Clusters;

/// <summary>Three real servers and simulated nodes; the leader is killed with <c>kill -9</c> while Jobs are created and run. Prints how long no write
/// was acknowledged, whether every acknowledged Job still exists on every server, and whether every Job completed.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- failover [--jobs 1000] [--nodes 50] [--connections 16]</c></remarks>
internal static class FailoverScenario
{
    private const string JobsPath = "/apis/batch/v1/namespaces/default/jobs";

    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var jobs = arguments.Number("jobs", 1000);
        var nodes = arguments.Number("nodes", 50);
        var writers = arguments.Number("connections", 16);
        using var scratch = new Scratch();
        await using var group = await ServerGroup.StartAsync(scratch, 3);
        var leader = await group.LeaderAsync(TimeSpan.FromSeconds(30));
        group.StartAgent(leader, "--simulated-nodes", $"{nodes}", "--simulated-run-seconds", "2");
        var connections = Enumerable.Range(0, group.Count).Select(index => new ApiConnection(group.Url(index), scratch["seed/pki"])).ToArray();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var stop = limit.Token;
        while (await connections[leader].CountAsync("/api/v1/nodes", stop) < nodes) await Task.Delay(100, stop);

        var survivors = Enumerable.Range(0, group.Count).Where(index => index != leader).ToArray();
        var acknowledged = new ConcurrentDictionary<string, TimeSpan>();
        var unknown = 0;
        var clock = Stopwatch.StartNew();
        var killed = TimeSpan.Zero;
        var next = -1;

        async Task WriteAsync(int writer)
        {
            for (int number; (number = Interlocked.Increment(ref next)) < jobs;)
            {
                // Each writer has its server, like clients behind different addresses; when that one does not answer it takes the next.
                for (var attempt = 0; ; attempt++)
                {
                    var server = (writer + attempt) % group.Count;
                    var answer = await TryCreateAsync(connections[server], number, stop);
                    if (answer is HttpStatusCode.Created or HttpStatusCode.Conflict)
                    {
                        acknowledged.TryAdd($"j{number}", clock.Elapsed);
                        break;
                    }

                    Interlocked.Increment(ref unknown);
                    await Task.Delay(20, stop);
                }

                if (number == jobs / 2)
                {
                    killed = clock.Elapsed;
                    await group.KillAsync(leader);
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, writers).Select(WriteAsync));
        var written = clock.Elapsed;
        var pause = LongestPauseAfter(acknowledged.Values, killed);
        var lost = new List<string>();
        foreach (var survivor in survivors)
        {
            using var list = await connections[survivor].GetAsync(JobsPath, stop);
            var names = list.RootElement.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("metadata").GetProperty("name").GetString()!).ToHashSet();
            lost.AddRange(acknowledged.Keys.Where(name => !names.Contains(name)));
        }

        long complete;
        while ((complete = await CountCompleteAsync(connections[survivors[0]], stop)) < jobs && clock.Elapsed < TimeSpan.FromMinutes(8)) await Task.Delay(500, stop);
        Console.WriteLine($"jobs created               {acknowledged.Count} of {jobs} in {written.TotalSeconds:0.0} s, leader killed at {killed.TotalSeconds:0.0} s, attempts without an answer {unknown}");
        Console.WriteLine($"longest pause of writes    {pause.TotalSeconds:0.00} s after the kill");
        Console.WriteLine($"acknowledged and lost      {lost.Count}");
        Console.WriteLine($"jobs complete              {complete} after {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var connection in connections) connection.Dispose();
        return lost.Count == 0 && complete == jobs && pause < TimeSpan.FromSeconds(3) ? 0 : 1;
    }

    private static async Task<HttpStatusCode?> TryCreateAsync(ApiConnection connection, int number, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            return await connection.PostAsync(JobsPath, Job(number), patience.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task<long> CountCompleteAsync(ApiConnection connection, CancellationToken stop)
    {
        using var list = await connection.GetAsync(JobsPath + "?fieldSelector=status.successful%3D1", stop);
        return list.RootElement.GetProperty("items").GetArrayLength();
    }

    private static TimeSpan LongestPauseAfter(IEnumerable<TimeSpan> acknowledgements, TimeSpan killed)
    {
        var longest = TimeSpan.Zero;
        var previous = killed;
        foreach (var at in acknowledgements.Where(at => at >= killed).Order())
        {
            if (at - previous > longest) longest = at - previous;
            previous = at;
        }

        return longest;
    }

    private static string Job(int number) => $$$$$"""
        {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j{{{{{number}}}}}"},"spec":{"template":{"spec":{"restartPolicy":"Never",
        "containers":[{"name":"c","image":"busybox","command":["true"],"resources":{"requests":{"cpu":"10m"}}}]}}}}
        """;
}
