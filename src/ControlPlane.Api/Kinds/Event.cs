using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Something that happened to an object, for people to read.</summary>
public sealed record Event : IResource<Event>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "events");

    public static JsonTypeInfo<Event> TypeInfo { get; } = KindJson.TypeInfo<Event>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ObjectReference InvolvedObject { get; init => field = value ?? new(); } = new();

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public EventSource? Source { get; init; }

    public DateTimeOffset? FirstTimestamp { get; init; }

    public DateTimeOffset? LastTimestamp { get; init; }

    public int? Count { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    public string? Action { get; init; }

    public string ReportingComponent { get; init => field = value ?? ""; } = "";

    public string ReportingInstance { get; init => field = value ?? ""; } = "";
}

public sealed record EventSource
{
    public string? Component { get; init; }

    public string? Host { get; init; }
}

/// <summary>Points at any object.</summary>
public sealed record ObjectReference
{
    public string? Kind { get; init; }

    public string? Namespace { get; init; }

    public string? Name { get; init; }

    public string? Uid { get; init; }

    public string? ApiVersion { get; init; }

    public string? ResourceVersion { get; init; }

    public string? FieldPath { get; init; }
}
