using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Benchmarks.Nemesis.Cases;
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
            "dotnext" => new DotNextTarget(),
            var other => throw new ArgumentException($"--against {other}: it is one of controlplane, replica, etcd, dotnext"),
        };
        if (arguments.Word("case", "") is { Length: > 0 } name) return await PlayAsync(target, options, name);
        Console.WriteLine($"nemesis against {target.Name}: {options.MemberCount} members, {options.Span.TotalSeconds:0} s, seed {options.Seed}, {options.Workload.WriterCount} writers, {options.Workload.ReaderCount} readers");
        await using var run = await NemesisRun.StartAsync(target, options);
        run.StartWork();
        await run.StrikeAsync();
        return (await run.FinishAsync()).Count == 0 ? 0 : 1;
    }

    private static async Task<int> PlayAsync(ITarget target, RunOptions options, string name)
    {
        var cases = name == "all" ? CaseTable.All : [.. CaseTable.All.Where(known => known.Name == name)];
        if (cases.Count == 0) throw new ArgumentException($"--case {name}: it is all, or one of {string.Join(", ", CaseTable.All.Select(known => known.Name))}");
        var outcomes = new List<string>();
        foreach (var each in cases)
        {
            Console.WriteLine($"case {each.Name} against {target.Name}: {each.Proves}");
            var broken = await PlayAsync(target, options with { MemberCount = each.MemberCount }, each);
            outcomes.Add($"{(broken switch { null => "left out", 0 => "kept", _ => "BROKEN" }),-9} {each.Name}");
        }

        foreach (var outcome in outcomes) Console.WriteLine(outcome);
        return outcomes.Any(outcome => outcome.StartsWith("BROKEN")) ? 1 : 0;
    }

    /// <returns>How many promises were broken; null: it cannot be played here.</returns>
    private static async Task<int?> PlayAsync(ITarget target, RunOptions options, Case each)
    {
        await using var run = await NemesisRun.StartAsync(target, options);
        if (each.NeedsFaultLibrary && !run.Members.HasFaultLibrary)
        {
            Console.WriteLine("left out: nothing can stand between this target and its disk here");
            return null;
        }

        run.StartWork();
        var broken = 0;
        try
        {
            await each.PlayAsync(new Stage(run));
        }
        catch (BrokenPromiseException promise)
        {
            Console.WriteLine($"BROKEN: {promise.Message}");
            broken++;
        }

        return broken + (await run.FinishAsync()).Count;
    }
}
