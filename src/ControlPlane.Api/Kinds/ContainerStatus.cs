namespace ControlPlane.Api.Kinds;

/// <summary>What an agent saw of one container.</summary>
public sealed record ContainerStatus
{
    public string Name { get; init => field = value ?? ""; } = "";

    public ContainerState State { get; init => field = value ?? new(); } = new();

    /// <summary>How the run before ended; empty when there was none.</summary>
    public ContainerState LastState { get; init => field = value ?? new(); } = new();

    public bool Ready { get; init; }

    public int RestartCount { get; init; }

    public string Image { get; init => field = value ?? ""; } = "";

    public string ImageID { get; init => field = value ?? ""; } = "";

    public string? ContainerID { get; init; }

    public bool? Started { get; init; }
}

/// <summary>At most one member is set; none means waiting.</summary>
public sealed record ContainerState
{
    public ContainerStateWaiting? Waiting { get; init; }

    public ContainerStateRunning? Running { get; init; }

    public ContainerStateTerminated? Terminated { get; init; }
}

/// <param name="Reason">Such as <c>ContainerCreating</c> or <c>CrashLoopBackOff</c>.</param>
public sealed record ContainerStateWaiting(string? Reason = null, string? Message = null);

public sealed record ContainerStateRunning(DateTimeOffset? StartedAt = null);

public sealed record ContainerStateTerminated
{
    public int ExitCode { get; init; }

    public int? Signal { get; init; }

    /// <summary>Such as <c>Completed</c>, <c>Error</c> or <c>OOMKilled</c>.</summary>
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? ContainerID { get; init; }
}
