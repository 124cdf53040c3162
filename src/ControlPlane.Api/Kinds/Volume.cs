using System.Collections.Immutable;

namespace ControlPlane.Api.Kinds;

/// <summary>A folder for a pod's containers; one source is set. Sources without effect here are not in the view.</summary>
public sealed record Volume
{
    public string Name { get; init => field = value ?? ""; } = "";

    public EmptyDirSource? EmptyDir { get; init; }

    public HostPathSource? HostPath { get; init; }

    public ConfigMapSource? ConfigMap { get; init; }

    public SecretSource? Secret { get; init; }

    public DownwardApiSource? DownwardAPI { get; init; }

    public ProjectedSource? Projected { get; init; }

    public PersistentVolumeClaimSource? PersistentVolumeClaim { get; init; }
}

public sealed record EmptyDirSource(string? Medium = null, string? SizeLimit = null);

public sealed record HostPathSource(string Path = "", string? Type = null);

public sealed record ConfigMapSource
{
    public string? Name { get; init; }

    public ImmutableArray<KeyToPath> Items { get; init => field = value.IsDefault ? [] : value; } = [];

    public int? DefaultMode { get; init; }

    public bool? Optional { get; init; }
}

public sealed record SecretSource
{
    public string? SecretName { get; init; }

    public ImmutableArray<KeyToPath> Items { get; init => field = value.IsDefault ? [] : value; } = [];

    public int? DefaultMode { get; init; }

    public bool? Optional { get; init; }
}

/// <param name="Mode">Unix permission bits, decimal in JSON.</param>
public sealed record KeyToPath(string Key = "", string Path = "", int? Mode = null);

public sealed record DownwardApiSource
{
    public ImmutableArray<DownwardApiFile> Items { get; init => field = value.IsDefault ? [] : value; } = [];

    public int? DefaultMode { get; init; }
}

public sealed record DownwardApiFile
{
    public string Path { get; init => field = value ?? ""; } = "";

    public FieldReference? FieldRef { get; init; }

    public ResourceFieldReference? ResourceFieldRef { get; init; }

    public int? Mode { get; init; }
}

public sealed record ProjectedSource
{
    public ImmutableArray<VolumeProjection> Sources { get; init => field = value.IsDefault ? [] : value; } = [];

    public int? DefaultMode { get; init; }
}

/// <summary>Exactly one member is set.</summary>
public sealed record VolumeProjection
{
    public SecretProjection? Secret { get; init; }

    public ConfigMapSource? ConfigMap { get; init; }

    public DownwardApiSource? DownwardAPI { get; init; }

    public ServiceAccountTokenProjection? ServiceAccountToken { get; init; }
}

/// <summary>As <see cref="SecretSource"/>, but Kubernetes calls the name <c>name</c> here.</summary>
public sealed record SecretProjection
{
    public string? Name { get; init; }

    public ImmutableArray<KeyToPath> Items { get; init => field = value.IsDefault ? [] : value; } = [];

    public bool? Optional { get; init; }
}

public sealed record ServiceAccountTokenProjection(string Path = "", string? Audience = null, long? ExpirationSeconds = null);

public sealed record PersistentVolumeClaimSource(string ClaimName = "", bool? ReadOnly = null);
