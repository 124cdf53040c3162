using ControlPlane.Api.Kinds;
using ControlPlane.Commands;

namespace ControlPlane.Following;

/// <summary>What is worth saying about a Job's change. Pure.</summary>
internal static class JobStory
{
    /// <summary>A sentence for the step from one state to the next, or null.</summary>
    /// <param name="old">Null: the Job is seen for the first time.</param>
    public static (string What, Color? Color)? Between(Job? old, Job now)
    {
        if (now.IsFinished) return null;
        if (now.Spec.Suspend == true && old?.Spec.Suspend != true) return ("suspended: it waits until spec.suspend is false", Color.Yellow);
        if (old is null || (old.Spec.Suspend == true && now.Spec.Suspend != true)) return (Wants(now), null);
        var isSame = old.Status.Succeeded == now.Status.Succeeded && old.Status.Failed == now.Status.Failed;
        // One pod's progress is told by the pod itself.
        return isSame || now.Spec.Completions is null or <= 1 ? null : (Progress(now), null);
    }

    /// <summary>How a finished Job ended.</summary>
    public static (string What, Color Color) Ending(Job job)
    {
        if (job.IsComplete)
        {
            var duration = job.Status.CompletionTime - job.Status.StartTime is { } time ? $" in {Durations.Exact(time)}" : "";
            return ($"complete: {Progress(job)}{duration}", Color.Green);
        }

        var failed = job.Status.Conditions.Find("Failed");
        return ($"failed: {string.Join(": ", new[] { failed?.Reason, failed?.Message }.Where(text => !string.IsNullOrEmpty(text)))}", Color.Red);
    }

    private static string Wants(Job job)
    {
        var completions = job.Spec.Completions ?? 1;
        var parallelism = job.Spec.Parallelism ?? 1;
        return completions <= 1 ? "started" : $"started: {completions} completions wanted, {parallelism} at a time";
    }

    private static string Progress(Job job)
    {
        var wanted = job.Spec.Completions is { } completions ? $" of {completions}" : "";
        var failed = job.Status.Failed > 0 ? $", {job.Status.Failed} failed" : "";
        return $"{job.Status.Succeeded}{wanted} done{failed}";
    }
}
