using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Pipeline;

namespace ControlPlane.ApiServer.Logs;

/// <summary>Which container a log is of, and whether it can have one yet; refusals in Kubernetes' words.</summary>
internal static class LogContainer
{
    private const string DefaultContainerAnnotation = "kubectl.kubernetes.io/default-container";

    /// <exception cref="ApiException">400: no such container, or several to choose from.</exception>
    public static string Choose(JsonObject pod, string podName, string asked)
    {
        var spec = pod.Child("spec");
        var containers = NamesIn(spec, "containers");
        var initContainers = NamesIn(spec, "initContainers");
        if (asked.Length > 0)
        {
            if (containers.Contains(asked) || initContainers.Contains(asked) || NamesIn(spec, "ephemeralContainers").Contains(asked)) return asked;
            throw ApiErrors.BadRequest($"container {asked} is not valid for pod {podName}");
        }

        if (containers.Count == 1) return containers[0];
        if (pod.Metadata().Child("annotations").Text(DefaultContainerAnnotation) is { Length: > 0 } named && containers.Contains(named)) return named;
        var choice = $"a container name must be specified for pod {podName}, choose one of: [{string.Join(' ', containers)}]";
        if (initContainers.Count > 0) choice += $" or one of the init containers: [{string.Join(' ', initContainers)}]";
        throw ApiErrors.BadRequest(choice);
    }

    /// <exception cref="ApiException">400: the container has not started, or there was none before it.</exception>
    public static void RequireLog(JsonObject pod, string podName, string container, bool isPrevious)
    {
        var status = StatusOf(pod.Child("status"), container);
        if (isPrevious)
        {
            if (status.Child("lastState").Child("terminated") is not null) return;
            throw ApiErrors.BadRequest($"previous terminated container \"{container}\" in pod \"{podName}\" not found");
        }

        var state = status.Child("state");
        if (state.Child("running") is not null || state.Child("terminated") is not null || status.Child("lastState").Child("terminated") is not null) return;
        // A pod that ended without a word about its containers may still have left a log; the agent knows.
        if (pod.Child("status").Text("phase") is "Succeeded" or "Failed") return;
        var reason = state.Child("waiting").Text("reason") is { Length: > 0 } given ? given : "ContainerCreating";
        throw ApiErrors.BadRequest(reason is "ErrImagePull" or "ImagePullBackOff"
            ? $"container \"{container}\" in pod \"{podName}\" is waiting to start: trying and failing to pull image"
            : $"container \"{container}\" in pod \"{podName}\" is waiting to start: {reason}");
    }

    private static JsonObject? StatusOf(JsonObject? status, string container)
    {
        foreach (var list in (ReadOnlySpan<string>)["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"])
        {
            foreach (var item in status?[list] as JsonArray ?? [])
            {
                if (item is JsonObject candidate && candidate.Text("name") == container) return candidate;
            }
        }

        return null;
    }

    private static List<string> NamesIn(JsonObject? spec, string list) =>
        [.. (spec?[list] as JsonArray ?? []).OfType<JsonObject>().Select(container => container.Text("name"))];
}
