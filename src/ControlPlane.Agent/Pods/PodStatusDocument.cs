using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>Puts a pod's state into the words of <c>pods/status</c>. Pure.</summary>
internal static class PodStatusDocument
{
    private const string PendingPhase = "Pending";
    private const string RunningPhase = "Running";
    private const string SucceededPhase = "Succeeded";
    private const string FailedPhase = "Failed";

    /// <summary>Notes when a condition changed. Call after every decision and before <see cref="Render"/>.</summary>
    public static PodState MarkConditions(Pod pod, PodState state, DateTimeOffset now)
    {
        var marks = state.Conditions;
        foreach (var condition in ConditionsOf(pod, state))
        {
            if (!marks.TryGetValue(condition.Type, out var mark) || mark.IsTrue != condition.IsTrue) marks = marks.SetItem(condition.Type, new(condition.IsTrue, now));
        }

        return ReferenceEquals(marks, state.Conditions) ? state : state with { Conditions = marks };
    }

    /// <summary>A strategic merge patch for <c>pods/status</c>: conditions of others (<c>PodScheduled</c>) stay, container statuses are replaced.
    /// The uid in it keeps a namesake from being patched.</summary>
    /// <param name="runtime">The scheme of container ids: <c>process</c>.</param>
    /// <param name="address">The node's address; pods share it.</param>
    public static JsonObject Render(Pod pod, PodState state, string runtime, string address)
    {
        var phase = PhaseOf(pod, state);
        var (reason, message) = WhyFailed(pod, state);
        var status = new JsonObject { ["phase"] = phase };
        if (reason is not null) (status["reason"], status["message"]) = (reason, message);
        status["conditions"] = Conditions(pod, state);
        status["hostIP"] = address;
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        status["podIP"] = address;
        status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address });
        status["startTime"] = TimeConverter.Format(state.AcceptedAt);
        var initCount = pod.Spec.InitContainers.Length;
        if (initCount > 0) status["initContainerStatuses"] = ContainerStatuses(pod, state, runtime, 0, initCount);
        status["containerStatuses"] = ContainerStatuses(pod, state, runtime, initCount, state.Containers.Length);
        return new() { ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid }, ["status"] = status };
    }

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c> or <c>Failed</c>.</summary>
    public static string PhaseOf(Pod pod, PodState state)
    {
        if (state.IsOver)
        {
            if (state.FailedBy is not null) return FailedPhase;
            var main = state.Containers.Skip(pod.Spec.InitContainers.Length);

            // How a sidecar ends says nothing of the work.
            var initFailed = Enumerable.Range(0, pod.Spec.InitContainers.Length)
                .Any(index => !PodMachine.IsSidecar(pod, index) && state.Containers[index] is { Phase: ContainerPhase.Exited, LastEnd.IsSuccess: false });
            return !initFailed && main.All(container => container is { Phase: ContainerPhase.Exited, LastEnd.IsSuccess: true }) ? SucceededPhase : FailedPhase;
        }

        // Pending until every container has run once; a sidecar alone does not make a pod run.
        var hasBegun = state.Containers.Skip(pod.Spec.InitContainers.Length).All(container => container.Phase == ContainerPhase.Running || container.LastEnd is not null);
        return hasBegun ? RunningPhase : PendingPhase;
    }

    private static (string? Reason, string? Message) WhyFailed(Pod pod, PodState state) => state switch
    {
        { FailedBy: StopCause.DeadlineExceeded } => ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"),
        { FailedBy: StopCause.AgentStops, IsOver: true } => ("Terminated", $"The agent of node {pod.Spec.NodeName} was stopped and took its pods with it"),
        _ => (null, null),
    };

    private static IEnumerable<Observed> ConditionsOf(Pod pod, PodState state)
    {
        var phase = PhaseOf(pod, state);
        var isReady = false;
        string? reason = null, message = null;
        switch (phase)
        {
            case SucceededPhase:
                reason = "PodCompleted";
                break;
            case FailedPhase:
                reason = "PodFailed";
                break;
            default:
                var unready = MainNames(pod, state, container => !container.IsReady);
                isReady = unready.Count == 0;
                if (!isReady) (reason, message) = ("ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]");
                break;
        }

        yield return new("PodReadyToStartContainers", !state.IsOver, null, null);
        var uninitialized = UninitializedNames(pod, state);
        yield return phase == SucceededPhase ? new("Initialized", true, "PodCompleted", null)
            : uninitialized.Count == 0 ? new("Initialized", true, null, null)
            : new("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', uninitialized)}]");
        yield return new("Ready", isReady, reason, message);
        yield return new("ContainersReady", isReady, reason, message);
    }

    private static JsonArray Conditions(Pod pod, PodState state)
    {
        var array = new JsonArray();
        foreach (var (type, isTrue, reason, message) in ConditionsOf(pod, state))
        {
            // Null takes a reason of an earlier state away.
            array.Add(new JsonObject
            {
                ["type"] = type,
                ["status"] = isTrue ? "True" : "False",
                ["lastProbeTime"] = null,
                ["lastTransitionTime"] = TimeConverter.Format(state.Conditions.TryGetValue(type, out var mark) ? mark.Since : state.AcceptedAt),
                ["reason"] = reason,
                ["message"] = message,
            });
        }

        return array;
    }

    private static List<string> MainNames(Pod pod, PodState state, Func<ContainerRecord, bool> predicate) =>
        [.. state.Containers.Skip(pod.Spec.InitContainers.Length).Where(predicate).Select(container => container.Name)];

    private static List<string> UninitializedNames(Pod pod, PodState state)
    {
        var names = new List<string>();
        for (var index = 0; index < pod.Spec.InitContainers.Length; index++)
        {
            var container = state.Containers[index];
            var isDone = PodMachine.IsSidecar(pod, index) ? container.HasStarted || container.LastEnd is not null : container.LastEnd is { IsSuccess: true };
            if (!isDone) names.Add(container.Name);
        }

        return names;
    }

    private static JsonArray ContainerStatuses(Pod pod, PodState state, string runtime, int from, int to)
    {
        var array = new JsonArray();
        for (var index = from; index < to; index++)
        {
            var container = state.Containers[index];
            var isInit = index < pod.Spec.InitContainers.Length;
            var isRunning = container.Phase == ContainerPhase.Running;
            var status = new JsonObject
            {
                ["name"] = container.Name,
                ["state"] = StateOf(pod, container, runtime),
                ["lastState"] = container is { Phase: not ContainerPhase.Exited, LastEnd: { } last } ? Terminated(pod, container.Name, last, runtime) : new JsonObject(),

                // An init container is ready when it is done.
                ["ready"] = isInit && !PodMachine.IsSidecar(pod, index) ? container.LastEnd is { IsSuccess: true } : container.IsReady,
                ["restartCount"] = container.RestartCount,
                ["image"] = pod.Spec.ContainerAt(index).Image ?? "",
                ["imageID"] = "",
                ["started"] = isRunning && container.HasStarted,
            };
            var attempt = isRunning ? container.StartCount - 1 : container.LastEnd?.Attempt;
            if (attempt is { } known) status["containerID"] = ContainerId(runtime, pod, container.Name, known);
            array.Add(status);
        }

        return array;
    }

    private static JsonObject StateOf(Pod pod, ContainerRecord container, string runtime) => container.Phase switch
    {
        ContainerPhase.Running => new() { ["running"] = new JsonObject { ["startedAt"] = TimeConverter.Format(container.StartedAt!.Value) } },
        ContainerPhase.Exited => Terminated(pod, container.Name, container.LastEnd!, runtime),
        _ => Waiting(container.WaitingReason ?? "ContainerCreating", container.WaitingMessage),
    };

    private static JsonObject Waiting(string reason, string? message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null) waiting["message"] = message;
        return new() { ["waiting"] = waiting };
    }

    private static JsonObject Terminated(Pod pod, string container, ContainerEnd end, string runtime)
    {
        var terminated = new JsonObject { ["exitCode"] = end.ExitCode, ["reason"] = end.Reason };
        if (end.Message is not null) terminated["message"] = end.Message;
        terminated["startedAt"] = TimeConverter.Format(end.StartedAt ?? end.FinishedAt);
        terminated["finishedAt"] = TimeConverter.Format(end.FinishedAt);
        terminated["containerID"] = ContainerId(runtime, pod, container, end.Attempt);
        return new() { ["terminated"] = terminated };
    }

    private static string ContainerId(string runtime, Pod pod, string container, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"{runtime}://{pod.Metadata.Uid}/{container}/{attempt}");


    private readonly record struct Observed(string Type, bool IsTrue, string? Reason, string? Message);
}
