using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Served;

/// <summary>One load on one group through etcd's protocol; for looking closely at one row of the table.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- served [controlplane|etcd] [put|get|watch] [--members 3] [--clients 64] [--seconds 5] [--runs 3]</c></remarks>
internal static class ServedScenario
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var store = words.FirstOrDefault() == "etcd" ? ServedStore.Etcd ?? throw new InvalidOperationException("etcd is not installed") : ServedStore.ControlPlane;
        var work = words.Length > 1 && !words[1].StartsWith('-') ? words[1] : "put";
        var (clients, seconds) = (arguments.Number("clients", 64), arguments.Number("seconds", 5));
        using var scratch = new Scratch();
        await using var group = await ServedGroup.StartAsync(store, arguments.Number("members", 3), scratch);
        var leader = await group.LeaderAsync();
        // The first run compiles and is not counted.
        for (var run = 0; run <= arguments.Number("runs", 3); run++)
        {
            var entries = await EntriesAsync(group, leader);
            var own = Environment.CpuUsage.TotalTime;
            var (load, cpu, resident) = await (work switch
            {
                "put" => ServedLoads.PutAsync(group, leader, clients, seconds),
                "get" => ServedLoads.GetAsync(group, leader, clients, seconds),
                "watch" => ServedLoads.WatchAsync(group, leader, clients, 20, seconds),
                _ => throw new ArgumentException($"unknown work: {work}"),
            });
            if (run == 0) continue;
            Console.WriteLine($"{load.PerSecond,10:0} /s   p50 {load.P50Milliseconds:0.00} ms   p99 {load.P99Milliseconds:0.00} ms   {cpu:0.0} us CPU   {resident:0} MiB   generator {(Environment.CpuUsage.TotalTime - own).TotalMicroseconds / load.Count:0.0} us   {load.Count / (double)(await EntriesAsync(group, leader) - entries):0.0} a log entry");
        }

        return 0;
    }

    private static async Task<ulong> EntriesAsync(ServedGroup group, int leader) => (await group.Clients[leader].Maintenance.StatusAsync(new StatusRequest())).RaftIndex;
}
