using System.Collections.Immutable;
using System.Net.WebSockets;
using ControlPlane.Agent.Nodes;
using ControlPlane.Api.Clients;

namespace ControlPlane.Agent;

/// <summary>Which runtime an agent gives its pods.</summary>
public enum AgentRuntime
{
    /// <summary>Plain processes of this machine.</summary>
    Process,

    /// <summary>No processes: runs are played by the clock, for many nodes at once.</summary>
    Simulated,
}

/// <summary>How an agent is set up. Only <see cref="Client"/> and <see cref="DataDirectory"/> have no default.</summary>
public sealed record AgentOptions
{
    /// <summary>The API, in process or over HTTP.</summary>
    public required IResourceClient Client { get; init; }

    /// <summary>Where pods' folders, logs and state lie. One agent a folder.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Null: the machine's name. For simulated nodes the prefix: <c>name-00042</c>.</summary>
    public string? NodeName { get; init; }

    public AgentRuntime Runtime { get; init; } = AgentRuntime.Process;

    /// <summary>How many nodes a simulated agent plays.</summary>
    public int SimulatedNodes { get; init; } = 1;

    /// <summary>What each simulated node has.</summary>
    public NodeCapacity SimulatedCapacity { get; init; } = NodeCapacity.SimulatedDefault;

    /// <summary>How long a simulated pod runs that is meant to end (restart policy Never or OnFailure) and has no <c>controlplane.dev/run-seconds</c>.</summary>
    public TimeSpan SimulatedRunTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Null: what the machine has.</summary>
    public NodeCapacity? Capacity { get; init; }

    /// <summary>Besides hostname, os and arch.</summary>
    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The servers to open log streams to until Endpoints <c>default/kubernetes</c> names them: <c>https://host:port</c>. May be empty: then logs
    /// cannot be read while Endpoints names none.</summary>
    public ImmutableArray<Uri> Servers { get; init; } = [];

    /// <summary>Told the servers that Endpoints <c>default/kubernetes</c> names, whenever it was looked at: the way out when the configured one dies.</summary>
    public Action<ImmutableArray<Uri>> OnServersKnown { get; init; } = _ => { };

    /// <summary>Opens a WebSocket to a <c>wss://…</c> or <c>ws://…</c> address with the agent's credentials; null: without any.</summary>
    public Func<Uri, CancellationToken, Task<WebSocket>>? ConnectStreamAsync { get; init; }

    public TimeSpan LeaseRenewInterval { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How often a node's status is repeated when nothing changes.</summary>
    public TimeSpan NodeStatusInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What a container's log may hold; older bytes are dropped.</summary>
    public long LogSizeMaxBytes { get; init; } = 64L << 20;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told what an operator may want to know, one line each; any thread.</summary>
    public Action<string> Notice { get; init; } = _ => { };
}
