namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>Every named case. A late duplicate of an old append is the simulator's: TCP between real processes does not deliver twice.</summary>
internal static class CaseTable
{
    public static IReadOnlyList<Case> All { get; } = [.. DurabilityCases.All, .. SnapshotCases.All, .. LeadershipCases.All, .. DamageCases.All];
}
