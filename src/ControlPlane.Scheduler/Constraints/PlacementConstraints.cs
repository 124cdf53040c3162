using System.Collections.Immutable;
using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Scheduler.Constraints;

/// <summary>What a pod asks of a node besides resources.</summary>
public sealed record PlacementConstraints
{
    public static readonly PlacementConstraints None = new();

    /// <summary>Labels the node must have with these values.</summary>
    public ImmutableArray<KeyValuePair<string, string>> NodeSelector { get; init; } = [];

    /// <summary>Required node affinity: at least one must hold. Empty: no requirement.</summary>
    public ImmutableArray<NodeTerm> RequiredTerms { get; init; } = [];

    public ImmutableArray<Toleration> Tolerations { get; init; } = [];

    /// <summary>A constraint this engine cannot check, in words; then no node is eligible, since a wrong placement is worse than none.</summary>
    public string? Unsupported { get; init; }

    /// <summary>Null when the node is eligible, else why not, in Kubernetes' words.</summary>
    public string? Refusal(NodeFacts node)
    {
        if (Unsupported is not null) return $"node(s) can't be checked: {Unsupported}";
        if (node.IsUnschedulable && !Tolerates(new Taint("node.kubernetes.io/unschedulable", "", TaintEffect.NoSchedule))) return "node(s) were unschedulable";
        if (!IsSelected(node)) return "node(s) didn't match Pod's node affinity/selector";
        foreach (var taint in node.Taints)
        {
            if (taint.Effect != TaintEffect.PreferNoSchedule && !Tolerates(taint)) return $"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}";
        }

        return null;
    }

    /// <summary>Whether the node asks to be left alone by pods like this one as long as others have room.</summary>
    public bool Avoids(NodeFacts node) => node.Taints.Any(taint => taint.Effect == TaintEffect.PreferNoSchedule && !Tolerates(taint));

    private bool IsSelected(NodeFacts node)
    {
        foreach (var (key, value) in NodeSelector)
        {
            if (!node.Labels.TryGetValue(key, out var actual) || actual != value) return false;
        }

        return RequiredTerms.IsEmpty || RequiredTerms.Any(term => term.Holds(node));
    }

    private bool Tolerates(Taint taint) => Tolerations.Any(toleration => toleration.Tolerates(taint));
}
