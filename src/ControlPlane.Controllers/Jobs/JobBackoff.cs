using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Jobs;

/// <summary>How long a Job waits before it replaces failed pods: 10 s after the first failure, doubled by each further one, 6 minutes at most; a
/// success starts the count again. Read from the pods that exist, so a new leader waits as the old one did.</summary>
internal static class JobBackoff
{
    private static readonly TimeSpan Base = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Cap = TimeSpan.FromMinutes(6);

    /// <summary>What is left of the wait; zero when pods may be created now.</summary>
    public static TimeSpan Remaining(IEnumerable<Pod> finished, DateTimeOffset now)
    {
        var failures = 0;
        var lastFailure = DateTimeOffset.MinValue;
        foreach (var pod in finished.OrderByDescending(FinishedAt))
        {
            if (pod.Status.Phase == "Succeeded") break;
            if (failures++ == 0) lastFailure = FinishedAt(pod);
        }

        return Remaining(failures, lastFailure, now);
    }

    /// <summary>What is left of the wait after so many failures in a row, the last of them at <paramref name="lastFailure"/>.</summary>
    public static TimeSpan Remaining(int failures, DateTimeOffset lastFailure, DateTimeOffset now)
    {
        if (failures <= 0) return TimeSpan.Zero;
        var wait = Math.Min(Base.Ticks * Math.Pow(2, Math.Min(failures - 1, 20)), Cap.Ticks);
        var remaining = lastFailure + TimeSpan.FromTicks((long)wait) - now;
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    /// <summary>When the last container ended; where no agent told (a node that was lost), when the pod was deleted or ceased to be ready, or else was made.</summary>
    public static DateTimeOffset FinishedAt(Pod pod)
    {
        DateTimeOffset? last = null;
        foreach (var status in pod.Status.ContainerStatuses)
        {
            if (status.State.Terminated?.FinishedAt is { } time && !(last >= time)) last = time;
        }

        // The deletion timestamp is when the grace ends, not when it began.
        var deleted = pod.Metadata.DeletionTimestamp - TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? 0);
        return last ?? deleted ?? pod.Status.Conditions.Find("Ready")?.LastTransitionTime ?? pod.Metadata.CreationTimestamp;
    }
}
