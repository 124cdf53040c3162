using System.Collections.Immutable;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Dashboard.Cluster;

/// <summary>What the dashboard shows, frozen at one moment.</summary>
public sealed record ClusterSnapshot(
    ImmutableArray<Node> Nodes,
    ImmutableArray<Pod> Pods,
    ImmutableArray<Job> Jobs,
    ImmutableArray<CronJob> CronJobs,
    ImmutableArray<Event> Events,
    DateTimeOffset Now)
{
    /// <summary>More rows than this are counted, not shown: nobody reads ten thousand, and a page must stay light.</summary>
    public const int RowsMax = 200;

    /// <summary>Unfinished pods by node.</summary>
    public IReadOnlyDictionary<string, int> PodsByNode { get; } =
        Pods.Where(pod => pod.IsBound && !pod.IsFinished).GroupBy(pod => pod.Spec.NodeName!).ToDictionary(group => group.Key, group => group.Count());

    /// <summary>As kubectl has it: the largest unit or two.</summary>
    public string Age(DateTimeOffset since)
    {
        var age = Now - since;
        return age switch
        {
            _ when age < TimeSpan.FromSeconds(120) => $"{Math.Max(0, (int)age.TotalSeconds)}s",
            _ when age < TimeSpan.FromMinutes(120) => $"{(int)age.TotalMinutes}m",
            _ when age < TimeSpan.FromHours(48) => $"{(int)age.TotalHours}h",
            _ => $"{(int)age.TotalDays}d",
        };
    }
}
