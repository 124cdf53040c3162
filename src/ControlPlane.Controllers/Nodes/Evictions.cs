using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Nodes;

/// <summary>Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer.</summary>
internal static class Evictions
{
    public static void From(Plan plan, World world, Node node, NodeOptions options)
    {
        var taints = node.Spec.Taints.Where(taint => taint.Effect == NodeTaints.NoExecute).ToList();
        if (taints.Count == 0) return;
        foreach (var pod in world.PodsOnNode(node.Metadata.Name))
        {
            if (!pod.IsAlive || TimeOf(pod, taints, options) is not { } time) continue;
            if (time > world.Now) plan.ReconcileAgain(time - world.Now);
            else Evict(plan, pod, world.Now);
        }
    }

    // When the pod has to go; null: it may stay.
    private static DateTimeOffset? TimeOf(Pod pod, List<Taint> taints, NodeOptions options)
    {
        DateTimeOffset? earliest = null;
        foreach (var taint in taints)
        {
            var time = TimeOf(pod, taint, options);
            if (earliest is null || time < earliest) earliest = time ?? earliest;
        }

        return earliest;
    }

    private static DateTimeOffset? TimeOf(Pod pod, Taint taint, NodeOptions options)
    {
        var added = taint.TimeAdded ?? DateTimeOffset.MinValue;
        var fitting = pod.Spec.Tolerations.Where(toleration => NodeTaints.Tolerates(toleration, taint)).ToList();
        // Admission gives every pod a toleration for lost nodes; a pod that came without gets the same time.
        if (fitting.Count == 0) return taint.Key is NodeTaints.NotReady or NodeTaints.Unreachable ? added + options.DefaultToleration : added;
        var seconds = fitting.Where(toleration => toleration.TolerationSeconds is not null).Select(toleration => Math.Max(0, toleration.TolerationSeconds!.Value)).ToList();
        return seconds.Count == 0 ? null : added + TimeSpan.FromSeconds(seconds.Min());
    }

    private static void Evict(Plan plan, Pod pod, DateTimeOffset now)
    {
        var conditions = pod.Status.Conditions.Set(new()
        {
            Type = "DisruptionTarget",
            Status = "True",
            LastTransitionTime = now,
            Reason = "DeletionByTaintManager",
            Message = "Taint manager: deleting due to NoExecute taint",
        });
        plan.SetStatus(pod, pod with { Status = pod.Status with { Conditions = conditions } });
        plan.Delete(pod);
        plan.Event(pod, "Normal", "TaintManagerEviction", $"Marking for deletion Pod {pod.Metadata.Namespace}/{pod.Metadata.Name}");
    }
}
