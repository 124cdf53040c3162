using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>A promise renewed in time; agents renew one a node as their heartbeat.</summary>
public sealed record Lease : IResource<Lease>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("coordination.k8s.io", "v1", "leases");

    public static JsonTypeInfo<Lease> TypeInfo { get; } = KindJson.TypeInfo<Lease>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public LeaseSpec Spec { get; init => field = value ?? new(); } = new();
}

public sealed record LeaseSpec
{
    public string? HolderIdentity { get; init; }

    public int? LeaseDurationSeconds { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    public int? LeaseTransitions { get; init; }
}
