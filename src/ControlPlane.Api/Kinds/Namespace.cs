using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>A name space for other objects; deleting it deletes what it holds.</summary>
public sealed record Namespace : IResource<Namespace>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "namespaces");

    public static JsonTypeInfo<Namespace> TypeInfo { get; } = KindJson.TypeInfo<Namespace>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public NamespaceSpec Spec { get; init => field = value ?? new(); } = new();

    public NamespaceStatus Status { get; init => field = value ?? new(); } = new();

    [JsonIgnore]
    public bool IsTerminating => Metadata.IsBeingDeleted;
}

public sealed record NamespaceSpec
{
    /// <summary><c>kubernetes</c> until the content is gone.</summary>
    public ImmutableArray<string> Finalizers { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record NamespaceStatus
{
    /// <summary><c>Active</c> or <c>Terminating</c>.</summary>
    public string? Phase { get; init; }

    public ImmutableArray<Condition> Conditions { get; init => field = value.IsDefault ? [] : value; } = [];
}
