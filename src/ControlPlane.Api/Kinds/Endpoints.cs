using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>The addresses behind a service.</summary>
public sealed record Endpoints : IResource<Endpoints>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "endpoints");

    public static JsonTypeInfo<Endpoints> TypeInfo { get; } = KindJson.TypeInfo<Endpoints>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public ImmutableArray<EndpointSubset> Subsets { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record EndpointSubset
{
    public ImmutableArray<EndpointAddress> Addresses { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<EndpointAddress> NotReadyAddresses { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<EndpointPort> Ports { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record EndpointAddress
{
    public string Ip { get; init => field = value ?? ""; } = "";

    public string? Hostname { get; init; }

    public string? NodeName { get; init; }

    public ObjectReference? TargetRef { get; init; }
}

public sealed record EndpointPort
{
    public string? Name { get; init; }

    public int Port { get; init; }

    public string? Protocol { get; init; }
}
