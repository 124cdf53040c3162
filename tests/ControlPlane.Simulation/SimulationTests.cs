using System.Globalization;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation;

/// <summary>Whole groups in one thread: real Raft, log, store and turn, on a seeded network, disk and clock.</summary>
/// <remarks><c>SIMULATION_SEED=n</c> replays one seed with its story; <c>SIMULATION_SEEDS=n</c> runs that many.</remarks>
public sealed class SimulationTests
{
    private const int UsualSeedCount = 200;

    [Fact]
    public void Promises_are_kept_whatever_the_seed()
    {
        if (Environment.GetEnvironmentVariable("SIMULATION_SEED") is { } one)
        {
            Run(ulong.Parse(one, CultureInfo.InvariantCulture));
            return;
        }

        var count = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? $"{UsualSeedCount}", CultureInfo.InvariantCulture);
        // Each group is single-threaded; groups know nothing of each other.
        Parallel.For(1, count + 1, seed => Run((ulong)seed));
    }

    public static TheoryData<ulong> SeedsThatFailed() =>
    [
        .. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "seeds.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => ulong.Parse(line.Split(' ', 2)[0], CultureInfo.InvariantCulture)),
    ];

    [Theory]
    [MemberData(nameof(SeedsThatFailed))]
    public void A_seed_that_failed_once_does_not_fail_again(ulong seed) => Run(seed);

    [Fact]
    public void A_seed_tells_the_same_story_twice()
    {
        var first = Run(7);
        Assert.Equal(first, Run(7));
    }

    private static string Run(ulong seed)
    {
        var cluster = new SimulatedCluster(seed);
        try
        {
            cluster.Run();
            return cluster.Describe() + cluster.Tail();
        }
        catch (SimulationFailedException failure)
        {
            Assert.Fail($"seed {seed} (replay with SIMULATION_SEED={seed}): {failure.Message}\n{failure.InnerException!.StackTrace}\nits last events:\n{cluster.Tail()}");
            throw;
        }
    }
}
