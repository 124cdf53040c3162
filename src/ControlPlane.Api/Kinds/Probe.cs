using System.Collections.Immutable;

namespace ControlPlane.Api.Kinds;

/// <summary>A check of a running container, repeated; one action is set. Numbers are defaulted by the server.</summary>
public sealed record Probe
{
    public ExecAction? Exec { get; init; }

    public HttpGetAction? HttpGet { get; init; }

    public TcpSocketAction? TcpSocket { get; init; }

    public int? InitialDelaySeconds { get; init; }

    public int? TimeoutSeconds { get; init; }

    public int? PeriodSeconds { get; init; }

    public int? SuccessThreshold { get; init; }

    public int? FailureThreshold { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }
}

/// <summary>Commands run when a container has started and before it is stopped.</summary>
public sealed record Lifecycle
{
    public LifecycleHandler? PostStart { get; init; }

    public LifecycleHandler? PreStop { get; init; }
}

public sealed record LifecycleHandler
{
    public ExecAction? Exec { get; init; }

    public HttpGetAction? HttpGet { get; init; }

    public SleepAction? Sleep { get; init; }
}

public sealed record ExecAction
{
    public ImmutableArray<string> Command { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record HttpGetAction
{
    public string? Path { get; init; }

    public IntOrString Port { get; init; }

    public string? Host { get; init; }

    /// <summary><c>HTTP</c> or <c>HTTPS</c>.</summary>
    public string? Scheme { get; init; }

    public ImmutableArray<HttpHeader> HttpHeaders { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record HttpHeader(string Name = "", string Value = "");

public sealed record TcpSocketAction(IntOrString Port = default, string? Host = null);

public sealed record SleepAction(long Seconds = 0);
