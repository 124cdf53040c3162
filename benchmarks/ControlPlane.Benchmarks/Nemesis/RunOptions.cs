using ControlPlane.Benchmarks.Nemesis.Workloads;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>One run of the nemesis.</summary>
internal sealed record RunOptions
{
    public int MemberCount { get; init; } = 3;

    public TimeSpan Span { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Gives the same faults in the same order. What they meet depends on the machine, so a seed makes a failure likely again, not certain; the simulator does that.</summary>
    public int Seed { get; init; } = 1;

    public WorkloadOptions Workload { get; init; } = new();
}
