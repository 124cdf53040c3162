using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Benchmarks.Nemesis.Workloads;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>Real servers under faults, judged by what their clients saw. See docs/nemesis.md.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- nemesis [--members 3] [--minutes 1 | --seconds 30] [--seed 1] [--against controlplane|etcd|dotnet]
/// [--writers 64] [--readers 16] [--case NAME]</c></remarks>
internal static class NemesisCommand
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var options = new RunOptions
        {
            MemberCount = arguments.Number("members", 3),
            Span = TimeSpan.FromSeconds(arguments.Number("seconds", arguments.Number("minutes", 1) * 60)),
            Seed = arguments.Number("seed", 1),
            Workload = new WorkloadOptions { WriterCount = arguments.Number("writers", 64), ReaderCount = arguments.Number("readers", 16) },
        };
        ITarget target = arguments.Word("against", "controlplane") switch
        {
            "controlplane" => new ControlPlaneTarget(),
            "replica" => new ReplicaTarget(),
            "etcd" => new EtcdTarget(),
            var other => throw new ArgumentException($"--against {other}: it is one of controlplane, replica, etcd"),
        };
        Console.WriteLine($"nemesis against {target.Name}: {options.MemberCount} members, {options.Span.TotalSeconds:0} s, seed {options.Seed}, {options.Workload.WriterCount} writers, {options.Workload.ReaderCount} readers");
        await using var run = await NemesisRun.StartAsync(target, options);
        run.StartWork();
        await run.StrikeAsync();
        return (await run.FinishAsync()).Count == 0 ? 0 : 1;
    }
}
