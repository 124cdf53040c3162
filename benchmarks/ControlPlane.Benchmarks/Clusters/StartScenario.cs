using System.Diagnostics;
using System.Net;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Clusters;

/// <summary>Starts <c>controlplane dev</c> several times on fresh data; prints the time until the first successful GET of the namespaces, and the idle memory.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- start [--runs 5] [--idle-seconds 20]</c></remarks>
internal static class StartScenario
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var runs = arguments.Number("runs", 5);
        var idle = TimeSpan.FromSeconds(arguments.Number("idle-seconds", 20));
        var fresh = new List<double>();
        var again = new List<double>();
        var memory = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            using var scratch = new Scratch();
            fresh.Add(await StartAsync(scratch, TimeSpan.Zero, null));
            again.Add(await StartAsync(scratch, run == 0 ? idle : TimeSpan.Zero, memory));
        }

        Console.WriteLine($"fresh data, to first GET   median {Median(fresh):0.00} s of {runs} ({fresh.Min():0.00} to {fresh.Max():0.00})");
        Console.WriteLine($"second start, to first GET median {Median(again):0.00} s of {runs} ({again.Min():0.00} to {again.Max():0.00})");
        Console.WriteLine($"resident when idle         {memory[0]:0} MiB, {idle.TotalSeconds:0} s after start, server, controllers, scheduler and agent in one process");
        return 0;
    }

    private static async Task<double> StartAsync(Scratch scratch, TimeSpan idle, List<double>? memory)
    {
        var port = Scratch.FreePorts(1)[0];
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var clock = Stopwatch.StartNew();
        await using var server = BinaryProcess.Start(scratch.Folder, "dev", "--data", scratch["data"], "--listen", $"127.0.0.1:{port}", "--dashboard-listen", "127.0.0.1:0");
        ApiConnection? connection = null;
        while (true)
        {
            try
            {
                if (File.Exists(scratch["data/pki/admin.crt"])) connection ??= new ApiConnection($"https://127.0.0.1:{port}", scratch["data/pki"]);
                if (connection is not null && await connection.GetStatusAsync("/api/v1/namespaces", limit.Token) == HttpStatusCode.OK) break;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or System.Security.Cryptography.CryptographicException)
            {
                if (server.HasExited) throw new InvalidOperationException($"dev ended: {server.Output}");
            }

            await Task.Delay(5, limit.Token);
        }

        var seconds = clock.Elapsed.TotalSeconds;
        connection.Dispose();
        if (idle > TimeSpan.Zero)
        {
            await Task.Delay(idle, CancellationToken.None);
            memory!.Add(server.ResidentBytes() / 1048576.0);
        }

        return seconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
