using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Members;

/// <summary>One load on one group in process; for looking closely at one row of the table.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- in-process [replica] [put|get] [--members 3] [--clients 64] [--seconds 10] [--runs 3]</c></remarks>
internal static class MemberScenario
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var kind = words.Length > 0 && !words[0].StartsWith('-') ? words[0] : "replica";
        var work = words.Length > 1 && !words[1].StartsWith('-') ? words[1] : "put";
        using var scratch = new Scratch();
        await using var group = await MemberGroup.StartAsync(kind, arguments.Number("members", 3), scratch);
        var clients = arguments.Number("clients", 64);
        // The first seconds compile.
        if (work == "get") await group.LoadAsync("put", clients, 1);
        await group.LoadAsync(work, clients, arguments.Number("warm-up", 3));
        for (var run = 0; run < arguments.Number("runs", 3); run++)
        {
            var (load, cpu, resident) = await group.LoadAsync(work, clients, arguments.Number("seconds", 10));
            Console.WriteLine($"{load.PerSecond,10:0} /s   p50 {load.P50Milliseconds:0.00} ms   p99 {load.P99Milliseconds:0.00} ms   {cpu:0.0} us CPU   {load.AllocatedBytes / load.Count} bytes allocated   {load.Collections / load.Seconds:0} collections/s   {resident:0} MiB");
        }

        return 0;
    }
}
