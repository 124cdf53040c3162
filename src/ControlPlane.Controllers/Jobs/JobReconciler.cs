using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>Runs a Job's pods until enough of them succeeded or too many failed, counts them exactly, and tells how it ended.</summary>
public sealed class JobReconciler : IReconciler<Job>
{
    // A wave of pods that become ready or end together costs one status write instead of one each; people do not see the difference.
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(100);

    private const string OwnName = "kubernetes.io/job-controller";

    public static Interest Interest => Interest.In<Job>().AndOwned<Pod>(GatherTime);

    public Plan Reconcile(Job resource, World world)
    {
        if (resource.Spec.ManagedBy is { Length: > 0 } manager && manager != OwnName) return new();
        var pods = world.OwnedBy<Pod>(resource).ToList();
        if (resource.IsFinished) return Finished(resource, pods, world.Now);
        return resource.Metadata.IsBeingDeleted ? Leaving(resource, pods) : new JobRound(resource, pods, world).Decide();
    }

    private static Plan Finished(Job job, List<Pod> pods, DateTimeOffset now)
    {
        var plan = new Plan();
        foreach (var pod in pods.Where(JobPods.IsTracked)) Release(plan, pod);
        if (job.Spec.TtlSecondsAfterFinished is not { } seconds || job.Metadata.IsBeingDeleted) return plan;

        var end = job.Status.Conditions.First(condition => condition is { IsTrue: true, Type: "Complete" or "Failed" });
        var left = (end.LastTransitionTime ?? now) + TimeSpan.FromSeconds(seconds) - now;
        return left <= TimeSpan.Zero ? plan.Delete(job, DeletePropagation.Foreground) : plan.ReconcileAgain(left);
    }

    // Nobody will read the counts any more; what matters is that the pods can go.
    private static Plan Leaving(Job job, List<Pod> pods)
    {
        var plan = new Plan();
        foreach (var pod in pods.Where(JobPods.IsTracked)) Release(plan, pod);
        var active = pods.Where(pod => pod.IsAlive).ToList();
        return plan.SetStatus(job, job with
        {
            Status = job.Status with
            {
                Active = active.Count,
                Ready = active.Count(pod => pod.IsReady),
                Terminating = pods.Count(pod => pod.Metadata.IsBeingDeleted && !pod.IsFinished),
            },
        });
    }

    /// <summary>Takes the Job's finalizer off a pod.</summary>
    internal static void Release(Plan plan, Pod pod)
    {
        var others = new JsonArray();
        foreach (var finalizer in pod.Metadata.Finalizers ?? [])
        {
            if (finalizer != JobPods.TrackingFinalizer) others.Add(finalizer);
        }

        plan.Patch(pod, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = others.Count == 0 ? null : others } });
    }
}
