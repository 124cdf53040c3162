using ControlPlane.Agent.Pods;
using ControlPlane.Agent.Runtimes;
using ControlPlane.Api.Wire;

namespace ControlPlane.Agent.Logs;

/// <summary>Answers <c>pods/log</c> for the pods of this agent.</summary>
internal sealed class LogDesk(PodRunner runner, IContainerRuntime runtime, TimeProvider time)
{
    // A person follows; a tenth of a second is at once.
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Sends the bytes a request asks for, in order.</summary>
    /// <param name="send">Takes a chunk before it returns; the memory is the reader's again afterwards.</param>
    /// <returns>Null when all was sent, else why nothing was.</returns>
    public async Task<AgentRefusal?> ServeAsync(LogRequest request, Func<ReadOnlyMemory<byte>, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        if (runner.Find(request.PodUid) is not { State: { } state } actor)
        {
            return new(404, "NotFound", $"the logs of pod {request.Namespace}/{request.Pod} are no longer on node {request.NodeName}");
        }

        var index = actor.Pod.Spec.IndexOf(request.Container);
        if (index < 0) return new(400, "BadRequest", $"container {request.Container} is not valid for pod {request.Pod}");
        var container = state.Containers[index];
        var latest = container.IsAlive ? container.StartCount - 1 : container.LastEnd?.Attempt;
        if (container.Phase == ContainerPhase.Starting) latest = container.LastEnd?.Attempt;
        if (latest is not { } attempt || request.Previous && attempt == 0)
        {
            return request.Previous
                ? new(400, "BadRequest", $"previous terminated container \"{request.Container}\" in pod \"{request.Pod}\" not found")
                : new(400, "BadRequest", $"container \"{request.Container}\" in pod \"{request.Pod}\" is waiting to start: {container.WaitingReason ?? "ContainerCreating"}");
        }

        if (request.Previous) attempt--;
        using var source = runtime.OpenLog(actor.Pod, request.Container, attempt);
        if (source is null)
        {
            // Refused before it ran: why stands in the status, and there is no log.
            return container.LastEnd is { StartedAt: null, Message: { } why } ? new(400, "BadRequest", $"container \"{request.Container}\" in pod \"{request.Pod}\" did not start: {why}") : null;
        }

        var since = request.SinceTime ?? (request.SinceSeconds is { } seconds ? time.GetUtcNow() - TimeSpan.FromSeconds(seconds) : null);
        var query = new LogQuery(request.TailLines, since, request.LimitBytes, request.Timestamps);
        Func<CancellationToken, Task>? wait = request.Follow ? token => Task.Delay(FollowInterval, time, token) : null;
        bool HasEnded() => actor.State!.Containers[index] is var now && (!now.IsAlive || now.StartCount - 1 != attempt);
        await foreach (var chunk in LogReader.ReadAsync(source, query, time, HasEnded, wait, cancellationToken)) await send(chunk, cancellationToken);
        return null;
    }
}
