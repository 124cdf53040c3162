using System.Diagnostics;
using System.Globalization;
using ControlPlane.Simulation.Mutants;

namespace ControlPlane.Simulation;

/// <summary>A test program like the others, and two commands of its own: many seeds with a summary, and the mutation score.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments) => arguments switch
    {
        ["seeds", .. var rest] => Seeds(rest),
        ["mutants", .. var names] => MutationScore.Run(names.Except(["--threads", $"{Option(names, "--threads")}"]).ToList(), (int)(Option(names, "--threads") ?? (ulong)Environment.ProcessorCount)),
        // As the runner's own entry point would be.
        _ when arguments.Any(argument => argument is "--server" or "--internal-msbuild-node") =>
            await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(arguments),
    };

    /// <summary><c>seeds COUNT [--from FIRST] [--threads N]</c>: runs that many seeds and stops at the first that fails.</summary>
    private static int Seeds(string[] arguments)
    {
        var count = arguments.Length > 0 ? Number(arguments[0]) : 200;
        var first = Option(arguments, "--from") ?? 1;
        var threads = (int)(Option(arguments, "--threads") ?? (ulong)Environment.ProcessorCount);
        var clock = Stopwatch.StartNew();
        var simulatedMicroseconds = 0L;
        var done = 0;
        SeedRun? failed = null;
        Parallel.For(0, (long)count, new ParallelOptions { MaxDegreeOfParallelism = threads }, (number, loop) =>
        {
            if (loop.ShouldExitCurrentIteration) return;
            var run = SeedRun.Of(first + (ulong)number, isTold: false);
            Interlocked.Add(ref simulatedMicroseconds, run.SimulatedMicroseconds);
            Interlocked.Increment(ref done);
            if (run.Failure is null) return;
            Interlocked.CompareExchange(ref failed, run, null);
            loop.Stop();
        });
        if (failed is not null) Console.WriteLine(SeedRun.Of(failed.Seed, isTold: true).Report());
        var seconds = simulatedMicroseconds / 1_000_000.0;
        var cpuSeconds = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{done} seeds at {SeedRun.Commit}: {seconds:F0} simulated seconds in {clock.Elapsed.TotalSeconds:F1} s ({cpuSeconds:F1} s of CPU, {seconds / cpuSeconds:F0} a second of CPU)"));
        Console.WriteLine(failed is null ? "all promises kept" : $"seed {failed.Seed} failed");
        return failed is null ? 0 : 1;
    }

    private static ulong? Option(string[] arguments, string name)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? Number(arguments[at + 1]) : null;
    }

    private static ulong Number(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new ArgumentException($"'{text}' is no number; usage: seeds COUNT [--from FIRST] [--threads N]");
}
