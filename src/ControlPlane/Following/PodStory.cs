using ControlPlane.Api.Kinds;
using ControlPlane.Commands;

namespace ControlPlane.Following;

/// <summary>What is worth saying about a pod's change. Pure.</summary>
internal static class PodStory
{
    /// <summary>Sentences for the step from one state to the next; none for what changes only behind the scenes.</summary>
    /// <param name="old">Null: the pod has just appeared.</param>
    public static IEnumerable<(string What, Color? Color)> Between(Pod? old, Pod now)
    {
        if (now.IsBound && old?.IsBound != true) yield return ($"scheduled on {now.Spec.NodeName}", Color.Gray);
        foreach (var status in now.Status.ContainerStatuses)
        {
            var before = old?.Status.ContainerStatuses.FirstOrDefault(one => one.Name == status.Name);
            var suffix = now.Spec.Containers.Length > 1 ? $" ({status.Name})" : "";
            if (status.State.Waiting is { Reason: { Length: > 0 } reason } waiting && reason is not ("ContainerCreating" or "PodInitializing") && before?.State.Waiting?.Reason != reason)
            {
                yield return ($"waiting: {reason}{(string.IsNullOrEmpty(waiting.Message) ? "" : $": {waiting.Message}")}{suffix}", Color.Yellow);
            }

            if (status.State.Running is not null && (before?.State.Running is null || before.RestartCount != status.RestartCount))
            {
                yield return (status.RestartCount == 0 ? $"running{suffix}" : $"running again, restart {status.RestartCount}{suffix}", null);
            }
        }

        if (now.Metadata.IsBeingDeleted && old?.Metadata.IsBeingDeleted != true && !now.IsFinished) yield return ("being stopped", Color.Yellow);
    }

    /// <summary>How a finished pod ended.</summary>
    public static (string What, Color? Color) Ending(Pod pod)
    {
        var duration = DurationOf(pod) is { } time ? $" in {Durations.Exact(time)}" : "";
        if (pod.Status.Phase == "Succeeded") return ($"done{duration}", null);
        foreach (var status in pod.Status.ContainerStatuses)
        {
            if (status.State.Terminated is not { ExitCode: not 0 } ended) continue;
            var reason = string.IsNullOrEmpty(ended.Reason) || ended.Reason == "Error" ? "" : $" ({ended.Reason})";
            var message = string.IsNullOrWhiteSpace(ended.Message) ? "" : $": {ended.Message.Trim()}";
            return ($"failed with exit code {ended.ExitCode}{reason}{duration}{message}", Color.Red);
        }

        var why = string.Join(": ", new[] { pod.Status.Reason, pod.Status.Message }.Where(text => !string.IsNullOrEmpty(text)));
        return (why.Length > 0 ? $"failed: {why}" : "failed", Color.Red);
    }

    private static TimeSpan? DurationOf(Pod pod)
    {
        var times = pod.Status.ContainerStatuses.Select(status => status.State.Terminated).Where(ended => ended?.StartedAt is not null && ended.FinishedAt is not null).ToList();
        return times.Count == 0 ? null : times.Max(ended => ended!.FinishedAt)!.Value - times.Min(ended => ended!.StartedAt)!.Value;
    }
}
