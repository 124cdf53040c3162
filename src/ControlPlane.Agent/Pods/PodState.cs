using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ControlPlane.Agent.Pods;

/// <summary>What the agent knows of one pod beyond its manifest. Immutable; <see cref="PodMachine"/> makes the next from it.</summary>
internal sealed record PodState
{
    /// <summary>When the agent took the pod on: <c>status.startTime</c>.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>Init containers in order, then containers in order.</summary>
    public required ImmutableArray<ContainerRecord> Containers { get; init; }

    /// <summary>Why the pod must end, or null. A later order can only shorten the grace.</summary>
    public StopOrder? Stop { get; init; }

    /// <summary>What made the pod fail as a whole, whatever its containers' exit codes say; null: nothing.</summary>
    public StopCause? FailedBy { get; init; }

    /// <summary>When each condition last changed its status: <c>lastTransitionTime</c>.</summary>
    public ImmutableDictionary<string, ConditionMark> Conditions { get; init; } = ImmutableDictionary<string, ConditionMark>.Empty;

    /// <summary>True when no container of it runs and none will.</summary>
    public bool IsOver { get; init; }

    public PodState With(int index, ContainerRecord container) => this with { Containers = Containers.SetItem(index, container) };
}

/// <param name="IsTrue">The condition's status.</param>
/// <param name="Since">When it became so.</param>
internal readonly record struct ConditionMark(bool IsTrue, DateTimeOffset Since);

/// <summary>Why a pod must end.</summary>
internal enum StopCause
{
    /// <summary>The object carries a deletion timestamp.</summary>
    Deleted,

    /// <summary>The object is gone from the API.</summary>
    Gone,

    /// <summary><c>spec.activeDeadlineSeconds</c> has passed.</summary>
    DeadlineExceeded,

    /// <summary>The agent stops and takes its pods with it.</summary>
    AgentStops,
}

/// <param name="OrderedAt">The grace counts from here.</param>
internal sealed record StopOrder(StopCause Cause, DateTimeOffset OrderedAt, TimeSpan Grace)
{
    [JsonIgnore]
    public DateTimeOffset KillAt => OrderedAt + Grace;
}

internal enum ContainerPhase
{
    /// <summary>Not running, and may run (again).</summary>
    Waiting,

    /// <summary>Ordered to start; the runtime has not answered.</summary>
    Starting,

    Running,

    /// <summary>Ended. It stays so unless the restart policy says otherwise.</summary>
    Exited,
}

internal sealed record ContainerRecord
{
    public required string Name { get; init; }

    public ContainerPhase Phase { get; init; }

    /// <summary>How often a start was ordered. The attempt now running is this number minus one, which is also the restart count.</summary>
    public int StartCount { get; init; }

    /// <summary>While waiting: <c>ContainerCreating</c>, <c>PodInitializing</c>, <c>CrashLoopBackOff</c>, <c>CreateContainerConfigError</c>.</summary>
    public string? WaitingReason { get; init; }

    public string? WaitingMessage { get; init; }

    /// <summary>Not to be started before; null: at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The pause before the restart after the next one; null before the first restart.</summary>
    public TimeSpan? Backoff { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How it ended the last time, or null.</summary>
    public ContainerEnd? LastEnd { get; init; }

    /// <summary>When a probe found the present run unfit to go on, or null.</summary>
    public DateTimeOffset? UnhealthyAt { get; init; }

    /// <summary>Whether SIGTERM was sent to the present run.</summary>
    public bool TermSent { get; init; }

    /// <summary>Whether SIGKILL was sent to the present run.</summary>
    public bool KillSent { get; init; }

    /// <summary>The startup probe has passed, or there is none.</summary>
    public bool HasStarted { get; init; }

    /// <summary>The readiness probe has passed, or there is none.</summary>
    public bool IsReady { get; init; }

    [JsonIgnore]
    public int RestartCount => Math.Max(0, StartCount - 1);

    [JsonIgnore]
    public bool IsAlive => Phase is ContainerPhase.Starting or ContainerPhase.Running;
}

/// <param name="Attempt">Which run ended, 0 for the first.</param>
/// <param name="StartedAt">Null when it never ran.</param>
internal sealed record ContainerEnd(int Attempt, int ExitCode, string Reason, string? Message, DateTimeOffset? StartedAt, DateTimeOffset FinishedAt)
{
    [JsonIgnore]
    public bool IsSuccess => ExitCode == 0;
}

/// <summary>How a state is written to disk.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PodState))]
internal sealed partial class PodStateJson : JsonSerializerContext;
