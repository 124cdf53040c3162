using System.Collections.Immutable;

namespace ControlPlane.Api.Kinds;

/// <summary>The typed view of <c>metadata</c>.</summary>
public sealed record ObjectMeta
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? GenerateName { get; init; }

    public string? Namespace { get; init; }

    public string Uid { get; init => field = value ?? ""; } = "";

    public string? ResourceVersion { get; init; }

    public long Generation { get; init; }

    public DateTimeOffset CreationTimestamp { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public long? DeletionGracePeriodSeconds { get; init; }

    public ImmutableDictionary<string, string>? Labels { get; init; }

    public ImmutableDictionary<string, string>? Annotations { get; init; }

    public ImmutableArray<OwnerReference>? OwnerReferences { get; init; }

    public ImmutableArray<string>? Finalizers { get; init; }

    /// <summary>True from the first DELETE until the last finalizer is gone.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsBeingDeleted => DeletionTimestamp is not null;

    /// <summary>The owner with <c>controller: true</c>, or null.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public OwnerReference? ControllerRef => OwnerReferences?.FirstOrDefault(owner => owner.Controller == true);
}

public sealed record OwnerReference
{
    public string ApiVersion { get; init => field = value ?? ""; } = "";

    public string Kind { get; init => field = value ?? ""; } = "";

    public string Name { get; init => field = value ?? ""; } = "";

    public string Uid { get; init => field = value ?? ""; } = "";

    public bool? Controller { get; init; }

    public bool? BlockOwnerDeletion { get; init; }
}
