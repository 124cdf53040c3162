using System.Reflection;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation;

/// <summary>What became of one seed.</summary>
/// <param name="TraceHash">Equal whenever the same program runs the same seed.</param>
/// <param name="SimulatedMicroseconds">How long it took in virtual time.</param>
/// <param name="Failure">The broken promise, or null.</param>
internal sealed record SeedRun(ulong Seed, ulong TraceHash, long SimulatedMicroseconds, SimulationFailedException? Failure, string Description, IReadOnlyList<string> Story)
{
    /// <summary>The version with the commit that this program was built from.</summary>
    public static string Commit =>
        typeof(SeedRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+').Last() ?? "unknown";

    public static SeedRun Of(ulong seed, bool isTold)
    {
        var cluster = new SimulatedCluster(seed, isTold);
        SimulationFailedException? failure = null;
        try
        {
            cluster.Run();
        }
        catch (SimulationFailedException broken)
        {
            failure = broken;
        }

        return new SeedRun(seed, cluster.Trace.Hash, cluster.Schedule.Now, failure, cluster.Describe(), [.. cluster.Trace.Lines]);
    }

    /// <summary>What broke, how to see it again, and what happened before.</summary>
    public string Report() =>
        $"seed {Seed} at commit {Commit}: {Failure!.Message}\n"
        + $"replay: SIMULATION_SEED={Seed} dotnet run -c Release --project tests/ControlPlane.Simulation -- -method \"*Promises*\"\n"
        + $"{Failure.InnerException!.GetType().Name}\n{Failure.InnerException!.StackTrace}\nits last events:\n{string.Join('\n', Story)}";
}
