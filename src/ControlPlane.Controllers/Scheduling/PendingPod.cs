using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>A pod that waits for a node.</summary>
internal sealed class PendingPod
{
    private readonly DateTimeOffset _created;
    private int _priority;

    public PendingPod(ResourceObject pod, PodClass wanted)
    {
        var view = pod.As<Pod>();
        _created = view.Metadata.CreationTimestamp;
        Reported = view.Status.Conditions.Find("PodScheduled") is { Status: "False" } condition ? condition.Message : null;
        (Pod, Class) = (pod, wanted);
        Renew(pod, wanted);
    }

    public ResourceObject Pod { get; private set; }

    public PodClass Class { get; private set; }

    /// <summary>What the pod's condition says already; null when nothing was said.</summary>
    public string? Reported { get; set; }

    /// <summary>When it was said.</summary>
    public DateTimeOffset ReportedAt { get; set; }

    /// <summary>The order of choosing: higher priority first, then the older, then by name, so that every leader chooses alike.</summary>
    public static IComparer<PendingPod> QueueOrder { get; } = Comparer<PendingPod>.Create(static (left, right) =>
    {
        var order = right._priority.CompareTo(left._priority);
        if (order == 0) order = left._created.CompareTo(right._created);
        if (order == 0) order = string.CompareOrdinal(left.Pod.Namespace, right.Pod.Namespace);
        return order != 0 ? order : string.CompareOrdinal(left.Pod.Name, right.Pod.Name);
    });

    /// <summary>The same pod, changed.</summary>
    public void Renew(ResourceObject pod, PodClass wanted)
    {
        (Pod, Class) = (pod, wanted);
        _priority = pod.As<Pod>().Spec.Priority ?? 0;
    }
}
