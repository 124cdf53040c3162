using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>Takes the tracking finalizer off pods whose Job is gone or has let go of them: nobody will count them any more, and they must be able to leave.</summary>
public sealed class OrphanRelease : IReconciler<Pod>
{
    public static Interest Interest => Interest.In<Pod>().WhenGone<Job>(PodsOf);

    public Plan Reconcile(Pod resource, World world)
    {
        var plan = new Plan();
        if (!JobPods.IsTracked(resource)) return plan;
        var owner = resource.Metadata.ControllerRef;
        var job = owner?.Kind == Job.Resource.Kind.Kind ? world.Get<Job>(resource.Metadata.Namespace, owner.Name) : null;
        if (job is null || job.Metadata.Uid != owner!.Uid) JobReconciler.Release(plan, resource);
        return plan;
    }

    private static IEnumerable<ObjectName> PodsOf(Job gone, World world) =>
        world.OwnedBy<Pod>(gone).Select(pod => new ObjectName(pod.Metadata.Namespace, pod.Metadata.Name));
}
