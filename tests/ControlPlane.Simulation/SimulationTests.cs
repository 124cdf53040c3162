using System.Globalization;
using Xunit;

namespace ControlPlane.Simulation;

/// <summary>Whole groups in one thread: real Raft, log, store and turn, on a seeded network, disk and clock.</summary>
/// <remarks><c>SIMULATION_SEED=n</c> replays one seed with its story; <c>SIMULATION_SEEDS=n</c> runs that many.</remarks>
public sealed class SimulationTests
{
    private const int UsualSeedCount = 300;

    [Fact]
    public void Promises_are_kept_whatever_the_seed()
    {
        if (Environment.GetEnvironmentVariable("SIMULATION_SEED") is { } one)
        {
            Keep(ulong.Parse(one, CultureInfo.InvariantCulture));
            return;
        }

        var count = int.Parse(Environment.GetEnvironmentVariable("SIMULATION_SEEDS") ?? $"{UsualSeedCount}", CultureInfo.InvariantCulture);
        // Each group is single-threaded; groups know nothing of each other.
        Parallel.For(1, count + 1, seed => Keep((ulong)seed));
    }

    public static TheoryData<ulong> SeedsThatFailed() =>
    [
        .. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "seeds.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => ulong.Parse(line.Split(' ', 2)[0], CultureInfo.InvariantCulture)),
    ];

    [Theory]
    [MemberData(nameof(SeedsThatFailed))]
    public void A_seed_that_failed_once_does_not_fail_again(ulong seed) => Keep(seed);

    [Fact]
    public void A_seed_happens_the_same_way_twice_whether_its_story_is_told_or_not() =>
        Assert.All(Enumerable.Range(1, 8), seed => Assert.Equal(SeedRun.Of((ulong)seed, isTold: false).TraceHash, SeedRun.Of((ulong)seed, isTold: true).TraceHash));

    private static void Keep(ulong seed)
    {
        if (SeedRun.Of(seed, isTold: false).Failure is not null) Assert.Fail(SeedRun.Of(seed, isTold: true).Report());
    }
}
