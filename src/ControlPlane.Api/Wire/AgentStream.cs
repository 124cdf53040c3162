using System.Text.Json.Serialization;

namespace ControlPlane.Api.Wire;

/// <summary>The stream an agent keeps open to every server, so that logs (later exec) flow though the agent only dials out.
/// WebSocket at <see cref="Path"/>; text frames are one <see cref="AgentStreamMessage"/> in JSON, binary frames are the little-endian
/// 32-bit id of a request followed by its bytes (agent to server).</summary>
public static class AgentStream
{
    public const string Path = "/controlplane/v1/agent-stream";
}

/// <summary>Exactly one member is set.</summary>
public sealed record AgentStreamMessage
{
    /// <summary>Agent, first: the nodes it speaks for. Sent again when they change.</summary>
    public AgentHello? Hello { get; init; }

    /// <summary>Server: start sending a log.</summary>
    public LogRequest? OpenLog { get; init; }

    /// <summary>Server: the reader has gone; stop.</summary>
    public StreamReference? Close { get; init; }

    /// <summary>Agent: all bytes of a request were sent, or it was refused.</summary>
    public StreamEnd? End { get; init; }
}

public sealed record AgentHello(IReadOnlyList<string> Nodes);

public sealed record StreamReference(int Id);

/// <param name="Status">Null when the stream ended well.</param>
public sealed record StreamEnd(int Id, AgentRefusal? Status);

public sealed record AgentRefusal(int Code, string Reason, string Message);

/// <summary>The query of <c>pods/log</c>.</summary>
public sealed record LogRequest
{
    public required int Id { get; init; }

    public required string Namespace { get; init; }

    public required string Pod { get; init; }

    public required string PodUid { get; init; }

    public required string NodeName { get; init; }

    public required string Container { get; init; }

    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public long? TailLines { get; init; }

    public long? SinceSeconds { get; init; }

    public DateTimeOffset? SinceTime { get; init; }

    public long? LimitBytes { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentStreamMessage))]
public sealed partial class AgentStreamJson : JsonSerializerContext;
