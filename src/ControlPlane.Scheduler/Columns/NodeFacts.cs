using System.Collections.Immutable;

namespace ControlPlane.Scheduler.Columns;

/// <summary>What constraints look at besides resources.</summary>
/// <param name="Name">The node's name, unique.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Taints">Its taints.</param>
/// <param name="IsUnschedulable">Cordoned.</param>
public sealed record NodeFacts(string Name, ImmutableDictionary<string, string> Labels, ImmutableArray<Taint> Taints, bool IsUnschedulable)
{
    public bool Equals(NodeFacts? other) =>
        other is not null && Name == other.Name && IsUnschedulable == other.IsUnschedulable && Taints.SequenceEqual(other.Taints) &&
        Labels.Count == other.Labels.Count && Labels.All(label => other.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    public override int GetHashCode() => HashCode.Combine(Name, IsUnschedulable, Labels.Count, Taints.Length);
}

public enum TaintEffect
{
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

public sealed record Taint(string Key, string Value, TaintEffect Effect);
