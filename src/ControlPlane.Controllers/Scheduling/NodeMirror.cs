using System.Collections.Immutable;
using ControlPlane.Api.Kinds;
using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>From a Node object to its row.</summary>
internal static class NodeMirror
{
    public static NodeFacts FactsOf(Node node)
    {
        var taints = node.Spec.Taints
            .Select(taint => new ControlPlane.Scheduler.Columns.Taint(taint.Key, taint.Value ?? "", EffectOf(taint.Effect) ?? TaintEffect.NoSchedule))
            .ToImmutableArray();
        // A node that does not say it is ready takes no pods, even before the node controller has put the taint on it. The taint that drives pods
        // off is not enough: by default they tolerate that one for a while.
        if (!node.IsReady && !taints.Any(taint => taint is { Key: "node.kubernetes.io/not-ready" or "node.kubernetes.io/unreachable", Effect: TaintEffect.NoSchedule }))
        {
            taints = taints.Add(new("node.kubernetes.io/not-ready", "", TaintEffect.NoSchedule));
        }

        return new(node.Metadata.Name, node.Metadata.Labels ?? ImmutableDictionary<string, string>.Empty, taints, node.Spec.Unschedulable);
    }

    public static List<ResourceAmount> AllocatableOf(Node node, NodeTable table) =>
        [.. PodDemand.Read(node.Status.Allocatable ?? node.Status.Capacity).Select(amount => new ResourceAmount(table.ResourceId(amount.Key), amount.Value))];

    /// <summary>Null for none, which in a toleration means every effect.</summary>
    public static TaintEffect? EffectOf(string? effect) => effect switch
    {
        "NoSchedule" => TaintEffect.NoSchedule,
        "PreferNoSchedule" => TaintEffect.PreferNoSchedule,
        "NoExecute" => TaintEffect.NoExecute,
        _ => null,
    };
}
