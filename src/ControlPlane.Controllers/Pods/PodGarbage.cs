using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Pods;

/// <summary>Deletes pods nobody else will: of nodes that are gone, doomed before they got a node, and the oldest of too many finished ones.</summary>
internal static class PodGarbage
{
    private const string OutOfService = "node.kubernetes.io/out-of-service";

    public static Plan Sweep(World world, ControllerOptions options, NodeAbsences absences)
    {
        var plan = new Plan();
        var pods = world.All<Pod>().ToList();
        var nodes = world.All<Node>().ToDictionary(node => node.Metadata.Name);
        var missing = pods.Where(pod => pod.IsBound && !nodes.ContainsKey(pod.Spec.NodeName!)).Select(pod => pod.Spec.NodeName!).ToHashSet();
        var since = absences.Note(missing, world.Now);
        foreach (var pod in pods)
        {
            if (!pod.IsBound)
            {
                if (pod.Metadata.IsBeingDeleted) plan.Delete(pod, gracePeriodSeconds: 0);
            }
            else if (!nodes.TryGetValue(pod.Spec.NodeName!, out var node))
            {
                var left = since[pod.Spec.NodeName!] + options.Nodes.GoneQuarantine - world.Now;
                if (left <= TimeSpan.Zero) Remove(plan, pod, world.Now);
                else plan.ReconcileAgain(left);
            }
            else if (pod.Metadata.IsBeingDeleted && !node.IsReady && node.Spec.Taints.Any(taint => taint.Key == OutOfService))
            {
                Remove(plan, pod, world.Now);
            }
        }

        RemoveFinished(plan, pods, options.FinishedPodsMax);
        return plan;
    }

    // Failed first, so that its Job counts it; then gone, although no agent will ever confirm that it stopped.
    private static void Remove(Plan plan, Pod pod, DateTimeOffset now)
    {
        if (!pod.IsFinished)
        {
            var conditions = pod.Status.Conditions.Set(new()
            {
                Type = "DisruptionTarget",
                Status = "True",
                LastTransitionTime = now,
                Reason = "DeletionByPodGC",
                Message = "PodGC: node no longer exists",
            });
            plan.SetStatus(pod, pod with { Status = pod.Status with { Phase = "Failed", Conditions = conditions } });
        }

        plan.Delete(pod, gracePeriodSeconds: 0);
    }

    private static void RemoveFinished(Plan plan, List<Pod> pods, int countMax)
    {
        if (countMax <= 0) return;
        var finished = pods.Where(pod => pod.IsFinished && !pod.Metadata.IsBeingDeleted).ToList();
        foreach (var pod in finished.OrderBy(pod => pod.Metadata.CreationTimestamp).Take(Math.Max(0, finished.Count - countMax))) plan.Delete(pod, gracePeriodSeconds: 0);
    }
}
