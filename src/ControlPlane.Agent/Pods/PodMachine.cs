using System.Collections.Immutable;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>Decides what a pod needs next. Pure and level-driven: it looks at what is, never at what happened, so an agent that was away decides
/// the same as one that was not. The rim carries the actions out and folds their results back in with <see cref="PodInput"/>.</summary>
internal static class PodMachine
{
    /// <summary>Kubernetes' crash back-off: none before the first restart, then 10 s doubling to 5 min.</summary>
    public static readonly TimeSpan BackoffBase = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(5);

    /// <summary>A run this long counts as healthy: the back-off starts anew.</summary>
    public static readonly TimeSpan BackoffReset = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(30);

    /// <summary>The state of a pod that was just taken on, remembering what the API already knows of it.</summary>
    public static PodState Accept(Pod pod, DateTimeOffset now)
    {
        var containers = ImmutableArray.CreateBuilder<ContainerRecord>();
        foreach (var container in pod.Spec.InitContainers) containers.Add(new() { Name = container.Name, WaitingReason = "PodInitializing" });
        var waiting = pod.Spec.InitContainers.IsEmpty ? "ContainerCreating" : "PodInitializing";
        foreach (var container in pod.Spec.Containers) containers.Add(new() { Name = container.Name, WaitingReason = waiting });
        return new() { AcceptedAt = pod.Status.StartTime ?? WholeSeconds(now), Containers = containers.ToImmutable() };
    }

    /// <summary>What to do now, and when to look again if nothing happens.</summary>
    public static PodDecision Decide(Pod pod, PodState state, DateTimeOffset now)
    {
        var actions = ImmutableArray.CreateBuilder<PodAction>();
        DateTimeOffset? wakeAt = null;
        state = ObserveDeadline(pod, state, now, ref wakeAt);

        if (state.Stop is not null)
        {
            state = DriveToEnd(state, state.Stop, now, actions, ref wakeAt);
        }
        else
        {
            state = DriveForward(pod, state, now, actions, ref wakeAt);
        }

        var isOver = !state.Containers.Any(container => container.IsAlive) && (state.Stop is not null || IsFinished(pod, state));
        if (isOver != state.IsOver) state = state with { IsOver = isOver };
        return new(state, actions.ToImmutable(), isOver ? null : wakeAt);
    }

    /// <summary>Folds one fact into the state.</summary>
    /// <param name="ignoresProbes">Nobody probes here: what runs counts as started and ready.</param>
    public static PodState Fold(Pod pod, PodState state, PodInput input, DateTimeOffset now, bool ignoresProbes = false)
    {
        switch (input)
        {
            case PodInput.Stop stop:
                return OrderStop(state, stop.Cause, now, stop.Grace);
            case PodInput.Started started:
                return Replace(state, started.Container, started.Attempt, container => container with
                {
                    Phase = ContainerPhase.Running,
                    StartedAt = started.At,
                    WaitingReason = null,
                    WaitingMessage = null,
                    HasStarted = ignoresProbes || pod.Spec.ContainerAt(started.Container).StartupProbe is null,
                    IsReady = ignoresProbes || pod.Spec.ContainerAt(started.Container) is { StartupProbe: null, ReadinessProbe: null },
                });
            case PodInput.NotStarted refused:
                return Replace(state, refused.Container, refused.Attempt, container => refused.IsFinal
                    ? Ended(container, new(refused.Attempt, refused.ExitCode, refused.Reason, refused.Message, null, WholeSeconds(now)), now)
                    : container with
                    {
                        // What is missing may still come; the attempt does not count.
                        Phase = ContainerPhase.Waiting,
                        StartCount = container.StartCount - 1,
                        WaitingReason = refused.Reason,
                        WaitingMessage = refused.Message,
                        NotBefore = now + refused.RetryAfter,
                    });
            case PodInput.Exited exited:
                return Replace(state, exited.Container, exited.Attempt, container =>
                {
                    var reason = exited.Reason ?? (exited.ExitCode == 0 ? "Completed" : "Error");
                    return Ended(container, new(exited.Attempt, exited.ExitCode, reason, exited.Message, container.StartedAt, exited.At), now);
                });
            case PodInput.Probed probed:
                return Replace(state, probed.Container, probed.Attempt, container => container with
                {
                    HasStarted = probed.HasStarted,
                    IsReady = probed.IsReady,
                });
            case PodInput.Unhealthy unhealthy:
                return Replace(state, unhealthy.Container, unhealthy.Attempt, container => container with { UnhealthyAt = container.UnhealthyAt ?? now });
            default:
                throw new InvalidOperationException($"unknown input {input.GetType().Name}");
        }
    }

    /// <summary>Whether containers are restarted after this end.</summary>
    public static bool RestartsAfter(Pod pod, int index, ContainerEnd end)
    {
        if (IsSidecar(pod, index)) return true;
        var isInit = index < pod.Spec.InitContainers.Length;
        return pod.Spec.RestartPolicy switch
        {
            "Never" => false,
            "OnFailure" => !end.IsSuccess,
            _ => !isInit || !end.IsSuccess,
        };
    }

    /// <summary>An init container that keeps running beside the others.</summary>
    public static bool IsSidecar(Pod pod, int index) =>
        index < pod.Spec.InitContainers.Length && pod.Spec.InitContainers[index].RestartPolicy == "Always";

    private static PodState ObserveDeadline(Pod pod, PodState state, DateTimeOffset now, ref DateTimeOffset? wakeAt)
    {
        if (state.Stop is not null || state.IsOver || pod.Spec.ActiveDeadlineSeconds is not { } seconds) return state;
        var deadline = state.AcceptedAt + TimeSpan.FromSeconds(seconds);
        if (now >= deadline) return OrderStop(state, StopCause.DeadlineExceeded, now, GraceOf(pod));
        Earliest(ref wakeAt, deadline);
        return state;
    }

    public static TimeSpan GraceOf(Pod pod) =>
        pod.Spec.TerminationGracePeriodSeconds is { } seconds ? TimeSpan.FromSeconds(Math.Max(0, seconds)) : DefaultGrace;

    private static PodState OrderStop(PodState state, StopCause cause, DateTimeOffset now, TimeSpan grace)
    {
        var failsThePod = cause is StopCause.DeadlineExceeded or StopCause.AgentStops && !state.IsOver;
        if (failsThePod) state = state with { FailedBy = state.FailedBy ?? cause };
        if (state.Stop is not { } known) return state with { Stop = new(cause, now, grace) };

        // Deleting what already stops tells the rim to remove the object; a shorter grace is honoured, a longer one is not.
        var killAt = now + grace < known.KillAt ? now + grace : known.KillAt;
        var first = cause is StopCause.Deleted or StopCause.Gone ? cause : known.Cause;
        return state with { Stop = new(first, known.OrderedAt, killAt - known.OrderedAt) };
    }

    private static PodState DriveToEnd(PodState state, StopOrder stop, DateTimeOffset now, ImmutableArray<PodAction>.Builder actions, ref DateTimeOffset? wakeAt)
    {
        for (var index = 0; index < state.Containers.Length; index++)
        {
            // A container that is being started is signalled when the runtime has answered.
            if (state.Containers[index].Phase == ContainerPhase.Running) state = Terminate(state, index, stop.KillAt, now, actions, ref wakeAt);
        }

        return state;
    }

    private static PodState DriveForward(Pod pod, PodState state, DateTimeOffset now, ImmutableArray<PodAction>.Builder actions, ref DateTimeOffset? wakeAt)
    {
        if (IsFinished(pod, state))
        {
            // Sidecars serve the others, and end after them.
            return DriveToEnd(state, new(StopCause.Deleted, now, GraceOf(pod)), now, actions, ref wakeAt);
        }

        for (var index = 0; index < state.Containers.Length; index++)
        {
            var container = state.Containers[index];
            if (container is { Phase: ContainerPhase.Running, UnhealthyAt: { } since }) state = Terminate(state, index, since + GraceOf(pod), now, actions, ref wakeAt);
            if (container is { Phase: ContainerPhase.Exited, LastEnd: { } end } && RestartsAfter(pod, index, end)) state = state.With(index, AwaitRestart(container, now));
        }

        for (var index = 0; index < state.Containers.Length; index++)
        {
            var container = state.Containers[index];
            if (container.Phase == ContainerPhase.Waiting)
            {
                if (container.NotBefore is { } notBefore && now < notBefore)
                {
                    Earliest(ref wakeAt, notBefore);
                }
                else
                {
                    container = container with { Phase = ContainerPhase.Starting, StartCount = container.StartCount + 1, NotBefore = null };
                    if (container.WaitingReason is null or "CrashLoopBackOff") container = container with { WaitingReason = "ContainerCreating", WaitingMessage = null };
                    state = state.With(index, container);
                    actions.Add(new PodAction.Start(index, container.StartCount - 1));
                }
            }

            // Init containers run one after the other, and the others after all of them.
            if (index < pod.Spec.InitContainers.Length && !IsPassed(pod, index, container)) break;
        }

        return state;
    }

    private static bool IsPassed(Pod pod, int index, ContainerRecord container) =>
        IsSidecar(pod, index)
            ? container is { Phase: ContainerPhase.Running, HasStarted: true } || container.LastEnd is not null
            : container is { Phase: ContainerPhase.Exited, LastEnd.IsSuccess: true };

    private static ContainerRecord AwaitRestart(ContainerRecord container, DateTimeOffset now)
    {
        var end = container.LastEnd!;
        var wasHealthy = end.StartedAt is { } started && end.FinishedAt - started >= BackoffReset;
        var pause = wasHealthy ? TimeSpan.Zero : container.Backoff ?? TimeSpan.Zero;
        var next = pause == TimeSpan.Zero ? BackoffBase : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, BackoffMax.Ticks));
        return container with
        {
            Phase = ContainerPhase.Waiting,
            Backoff = next,
            NotBefore = end.FinishedAt + pause,
            WaitingReason = "CrashLoopBackOff",
            WaitingMessage = $"back-off {pause.TotalSeconds:0}s restarting failed container={container.Name}",
        };
    }

    private static PodState Terminate(PodState state, int index, DateTimeOffset killAt, DateTimeOffset now, ImmutableArray<PodAction>.Builder actions, ref DateTimeOffset? wakeAt)
    {
        var container = state.Containers[index];
        if (now >= killAt)
        {
            if (container.KillSent) return state;
            actions.Add(new PodAction.Signal(index, container.StartCount - 1, IsKill: true));
            return state.With(index, container with { KillSent = true });
        }

        Earliest(ref wakeAt, killAt);
        if (container.TermSent) return state;
        actions.Add(new PodAction.Signal(index, container.StartCount - 1, IsKill: false));
        return state.With(index, container with { TermSent = true });
    }

    /// <summary>No container but sidecars runs, and none will run again.</summary>
    private static bool IsFinished(Pod pod, PodState state)
    {
        for (var index = 0; index < pod.Spec.InitContainers.Length; index++)
        {
            var init = state.Containers[index];
            if (IsSidecar(pod, index)) continue;
            if (init is { Phase: ContainerPhase.Exited, LastEnd: { IsSuccess: false } end } && !RestartsAfter(pod, index, end)) return true;
            if (init.Phase != ContainerPhase.Exited) return false;
        }

        for (var index = pod.Spec.InitContainers.Length; index < state.Containers.Length; index++)
        {
            if (state.Containers[index] is not { Phase: ContainerPhase.Exited, LastEnd: { } end } || RestartsAfter(pod, index, end)) return false;
        }

        return true;
    }

    /// <summary>Late news of an earlier attempt change nothing.</summary>
    private static PodState Replace(PodState state, int index, int attempt, Func<ContainerRecord, ContainerRecord> change)
    {
        var container = state.Containers[index];
        return container.IsAlive && container.StartCount - 1 == attempt ? state.With(index, change(container)) : state;
    }

    private static ContainerRecord Ended(ContainerRecord container, ContainerEnd end, DateTimeOffset now) => container with
    {
        Phase = ContainerPhase.Exited,
        LastEnd = end with { FinishedAt = end.FinishedAt > now ? now : end.FinishedAt },
        IsReady = false,
        HasStarted = false,
        UnhealthyAt = null,
        TermSent = false,
        KillSent = false,
        WaitingReason = null,
        WaitingMessage = null,
    };

    private static DateTimeOffset WholeSeconds(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    private static void Earliest(ref DateTimeOffset? wakeAt, DateTimeOffset candidate)
    {
        if (wakeAt is null || candidate < wakeAt) wakeAt = candidate;
    }
}

/// <param name="WakeAt">Look again then even if nothing happens; null: only when something happens.</param>
internal sealed record PodDecision(PodState State, ImmutableArray<PodAction> Actions, DateTimeOffset? WakeAt);

/// <summary>What the rim must do. Containers are named by their index in <see cref="PodState.Containers"/>.</summary>
internal abstract record PodAction
{
    public sealed record Start(int Container, int Attempt) : PodAction;

    /// <param name="IsKill">SIGKILL; else SIGTERM.</param>
    public sealed record Signal(int Container, int Attempt, bool IsKill) : PodAction;
}

/// <summary>What the rim reports.</summary>
internal abstract record PodInput
{
    public sealed record Stop(StopCause Cause, TimeSpan Grace) : PodInput;

    public sealed record Started(int Container, int Attempt, DateTimeOffset At) : PodInput;

    /// <param name="IsFinal">True: it counts as a run that ended so; false: it is tried again after <paramref name="RetryAfter"/>.</param>
    public sealed record NotStarted(int Container, int Attempt, bool IsFinal, int ExitCode, string Reason, string Message, TimeSpan RetryAfter) : PodInput;

    /// <param name="Reason">Null: <c>Completed</c> or <c>Error</c>, by the code.</param>
    public sealed record Exited(int Container, int Attempt, int ExitCode, DateTimeOffset At, string? Reason = null, string? Message = null) : PodInput;

    public sealed record Probed(int Container, int Attempt, bool HasStarted, bool IsReady) : PodInput;

    /// <summary>Liveness or startup probe failed for good: end this run; the restart policy says what follows.</summary>
    /// <param name="Probe"><c>Liveness</c> or <c>Startup</c>.</param>
    public sealed record Unhealthy(int Container, int Attempt, string Probe, string Message) : PodInput;
}
