namespace ControlPlane.Simulation.Clusters;

/// <summary>How badly the world behaves; drawn from the seed, all zero once the faults stop.</summary>
internal sealed record Faults(double Loss, double Duplication, int LatencyMaxMicroseconds, int DiskMaxMicroseconds, bool HasCrashes, bool HasPartitions, bool HasPauses)
{
    public static readonly Faults None = new(0, 0, 1_000, 1_000, false, false, false);

    public static Faults Draw(SeededRandom random) => new(
        random.Chance(0.5) ? random.Below(20) / 100.0 : 0,
        random.Chance(0.5) ? random.Below(20) / 100.0 : 0,
        random.Pick([1_000, 5_000, 40_000, 200_000]),
        random.Pick([500, 5_000, 50_000, 300_000]),
        random.Chance(0.7),
        random.Chance(0.7),
        random.Chance(0.3));
}
