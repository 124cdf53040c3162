using System.Diagnostics;
using System.Net;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Clusters;

/// <summary>One real server and one agent that plays many nodes; pods are created over HTTPS and all must be bound. Prints pods bound per second
/// and the memory of both processes.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- scale [--nodes 10000] [--pods 30000] [--connections 16]</c></remarks>
internal static class ScaleScenario
{
    private const string PodsPath = "/api/v1/namespaces/default/pods";

    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var nodes = arguments.Number("nodes", 10_000);
        var pods = arguments.Number("pods", 30_000);
        var writers = arguments.Number("connections", 16);
        using var scratch = new Scratch();
        await using var group = await ServerGroup.StartAsync(scratch, 1);
        using var connection = new ApiConnection(group.Url(0), scratch["seed/pki"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(15));
        var stop = limit.Token;
        Console.WriteLine($"server at rest             {Mebibytes(group.Server(0).ResidentBytes())}");

        var clock = Stopwatch.StartNew();
        group.StartAgent(0, "--simulated-nodes", $"{nodes}", "--simulated-run-seconds", "3600");
        while (await connection.CountAsync("/api/v1/nodes", stop) < nodes) await Task.Delay(100, stop);
        Console.WriteLine($"nodes registered           {nodes} in {clock.Elapsed.TotalSeconds:0.0} s ({nodes / clock.Elapsed.TotalSeconds:0} nodes/s)");

        using var start = await connection.GetAsync(PodsPath + "?limit=1", stop);
        var revision = start.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString()!;
        var cpuBefore = group.Server(0).ProcessorTime();
        clock.Restart();
        var bound = CountBoundAsync(connection, revision, pods, clock, stop);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async _ =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < pods;)
            {
                var status = await connection.PostAsync(PodsPath, Pod(number), stop);
                if (status != HttpStatusCode.Created) throw new InvalidOperationException($"pod {number} was refused with {status}");
            }
        }));
        var created = clock.Elapsed;
        var allBound = await bound;
        var cpu = group.Server(0).ProcessorTime() - cpuBefore;
        Console.WriteLine($"pods created               {pods} in {created.TotalSeconds:0.0} s ({pods / created.TotalSeconds:0} pods/s, {writers} connections)");
        Console.WriteLine($"pods bound                 {pods} in {allBound.TotalSeconds:0.0} s ({pods / allBound.TotalSeconds:0} pods/s), server CPU {cpu.TotalMilliseconds / pods:0.00} ms a pod, everything included");

        while (true)
        {
            using var running = await connection.GetAsync(PodsPath + "?limit=1&fieldSelector=status.phase%3DPending", stop);
            if (running.RootElement.GetProperty("items").GetArrayLength() == 0) break;
            await Task.Delay(500, stop);
        }

        Console.WriteLine($"pods running               {pods} after {clock.Elapsed.TotalSeconds:0.0} s");
        Console.WriteLine($"memory                     server {Mebibytes(group.Server(0).ResidentBytes())}, agent {Mebibytes(group.Agent!.ResidentBytes())}");
        return 0;
    }

    private static async Task<TimeSpan> CountBoundAsync(ApiConnection connection, string revision, int pods, Stopwatch clock, CancellationToken stop)
    {
        var bound = new HashSet<string>();
        await foreach (var change in connection.WatchAsync(PodsPath, revision, stop))
        {
            var pod = change.GetProperty("object");
            if (!pod.TryGetProperty("spec", out var spec)) throw new InvalidOperationException($"the watch ended: {pod}");
            if (!spec.TryGetProperty("nodeName", out _)) continue;
            bound.Add(pod.GetProperty("metadata").GetProperty("name").GetString()!);
            if (bound.Count == pods) return clock.Elapsed;
        }

        throw new InvalidOperationException($"the watch ended after {bound.Count} pods");
    }

    private static string Mebibytes(long bytes) => $"{bytes / 1048576.0:0} MiB";

    private static string Pod(int number) => $$$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p{{{{{number}}}}}","labels":{"app":"scale"}},"spec":{"containers":[{"name":"c","image":"busybox","command":["sleep","3600"],
        "resources":{"requests":{"cpu":"{{{{{100 + number % 7 * 100}}}}}m","memory":"{{{{{64 << number % 4}}}}}Mi"}}}]}}
        """;
}
