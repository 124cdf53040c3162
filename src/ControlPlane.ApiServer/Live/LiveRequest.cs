using System.Text.Json.Serialization;
using MessagePack;

namespace ControlPlane.ApiServer.Live;

/// <summary>What a client of the hub wants to watch. In JSON and in MessagePack it is a map with these names.</summary>
[MessagePackObject]
public sealed record LiveRequest
{
    /// <summary>Such as <c>Pod</c>; or name <see cref="Resource"/>.</summary>
    [Key("kind")]
    public string? Kind { get; init; }

    /// <summary>Such as <c>pods</c>, <c>po</c> or <c>jobs.batch</c>; or name <see cref="Kind"/>.</summary>
    [Key("resource")]
    public string? Resource { get; init; }

    /// <summary>Such as <c>batch/v1</c>; may be left out where kind or resource is clear without.</summary>
    [Key("apiVersion")]
    public string? ApiVersion { get; init; }

    /// <summary>Null: all namespaces.</summary>
    [Key("namespace")]
    public string? Namespace { get; init; }

    [Key("labelSelector")]
    public string? LabelSelector { get; init; }

    [Key("fieldSelector")]
    public string? FieldSelector { get; init; }

    /// <summary>The resourceVersion of the last event that was seen, as text or as a number; null: begin with a snapshot.</summary>
    [Key("resourceVersion")]
    [JsonConverter(typeof(RevisionText.JsonForm))]
    [MessagePackFormatter(typeof(RevisionText.MessagePackForm))]
    public string? ResourceVersion { get; init; }
}
