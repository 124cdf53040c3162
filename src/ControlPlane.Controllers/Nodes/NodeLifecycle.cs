using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Nodes;

/// <summary>Sees which nodes fell silent, says so on them, and gives them up slowly: a few lost nodes are lost nodes, but when most of them
/// are silent it is more likely this server that is cut off, and then nothing is taken from anybody.</summary>
internal static class NodeLifecycle
{
    private const string Silent = "NodeStatusUnknown";

    private static readonly ImmutableArray<string> ToldByAgents = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>One look at all nodes.</summary>
    /// <param name="lastHeard">When a node was last heard of; null: never.</param>
    public static Plan Sweep(World world, NodeOptions options, Func<string, DateTimeOffset?> lastHeard)
    {
        var plan = new Plan();
        var nodes = world.All<Node>().Select(node => (Node: node, Conditions: ConditionsNow(node, world.Now, options, lastHeard, plan))).ToList();
        var pool = PoolHealth.Of(nodes.Select(node => node.Node).ToList(), nodes.Count(node => NodeTaints.Trouble(node.Conditions) == NodeTaints.Unreachable), options, world.Now);
        var allowance = pool.Allowance;
        foreach (var (node, conditions) in nodes)
        {
            var isNew = NodeTaints.Trouble(conditions) is not null && !NodeTaints.IsGivenUp(node);
            var mayGiveUp = isNew && allowance-- > 0;
            Tell(plan, world, node, conditions);
            Taint(plan, node, NodeTaints.For(node, conditions, mayGiveUp, world.Now));
            if (!pool.IsCutOff) Evictions.From(plan, world, node, options);
        }

        return plan;
    }

    private static ImmutableArray<Condition> ConditionsNow(Node node, DateTimeOffset now, NodeOptions options, Func<string, DateTimeOffset?> lastHeard, Plan plan)
    {
        var conditions = node.Status.Conditions;
        var ready = conditions.Find("Ready");
        var grace = ready is null ? options.StartupGracePeriod : options.GracePeriod;
        var left = (lastHeard(node.Metadata.Name) ?? node.Metadata.CreationTimestamp) + grace - now;
        if (left > TimeSpan.Zero)
        {
            if (left < options.SweepPeriod) plan.ReconcileAgain(left);
            return conditions;
        }

        foreach (var type in ToldByAgents)
        {
            var known = conditions.Find(type);
            if (known?.Status == "Unknown") continue;
            conditions = conditions.Set(new()
            {
                Type = type,
                Status = "Unknown",
                LastHeartbeatTime = known?.LastHeartbeatTime ?? node.Metadata.CreationTimestamp,
                LastTransitionTime = now,
                Reason = known is null ? "NodeStatusNeverUpdated" : Silent,
                Message = known is null ? "Kubelet never posted node status." : "Kubelet stopped posting node status.",
            });
        }

        return conditions;
    }

    private static void Tell(Plan plan, World world, Node node, ImmutableArray<Condition> conditions)
    {
        if (conditions == node.Status.Conditions) return;
        plan.SetStatus(node, node with { Status = node.Status with { Conditions = conditions } });
        plan.Event(node, "Normal", "NodeNotReady", $"Node {node.Metadata.Name} status is now: NodeNotReady");
        foreach (var pod in world.PodsOnNode(node.Metadata.Name).Where(pod => pod.IsReady)) MarkNotReady(plan, pod, world.Now);
    }

    // Services must stop sending to what nobody can see.
    private static void MarkNotReady(Plan plan, Pod pod, DateTimeOffset now)
    {
        var ready = pod.Status.Conditions.Find("Ready")! with { Status = "False", LastTransitionTime = now };
        plan.SetStatus(pod, pod with { Status = pod.Status with { Conditions = pod.Status.Conditions.Set(ready) } });
        plan.Event(pod, "Warning", "NodeNotReady", "Node is not ready");
    }

    private static void Taint(Plan plan, Node node, ImmutableArray<Taint> taints)
    {
        if (taints.SequenceEqual(node.Spec.Taints)) return;
        var tainted = JsonSerializer.SerializeToNode(node with { Spec = node.Spec with { Taints = taints } }, Node.TypeInfo);
        plan.Patch(node, new JsonObject { ["spec"] = new JsonObject { ["taints"] = tainted?["spec"]?["taints"]?.DeepClone() } });
    }
}
