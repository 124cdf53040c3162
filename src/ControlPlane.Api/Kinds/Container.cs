using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ControlPlane.Api.Kinds;

/// <summary>One program of a pod.</summary>
public sealed record Container
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? Image { get; init; }

    /// <summary>Replaces the image's entry point.</summary>
    public ImmutableArray<string> Command { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<string> Args { get; init => field = value.IsDefault ? [] : value; } = [];

    public string? WorkingDir { get; init; }

    public ImmutableArray<ContainerPort> Ports { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<EnvFromSource> EnvFrom { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<EnvVar> Env { get; init => field = value.IsDefault ? [] : value; } = [];

    public ResourceRequirements? Resources { get; init; }

    /// <summary>Init containers only: <c>Always</c> makes it a sidecar.</summary>
    public string? RestartPolicy { get; init; }

    public ImmutableArray<VolumeMount> VolumeMounts { get; init => field = value.IsDefault ? [] : value; } = [];

    public Probe? LivenessProbe { get; init; }

    public Probe? ReadinessProbe { get; init; }

    public Probe? StartupProbe { get; init; }

    public Lifecycle? Lifecycle { get; init; }

    public string? TerminationMessagePath { get; init; }

    /// <summary><c>File</c> or <c>FallbackToLogsOnError</c>.</summary>
    public string? TerminationMessagePolicy { get; init; }

    public string? ImagePullPolicy { get; init; }

    public PodSecurityContext? SecurityContext { get; init; }

    public bool? Stdin { get; init; }

    public bool? Tty { get; init; }
}

public sealed record ContainerPort
{
    public string? Name { get; init; }

    [JsonPropertyName("containerPort")]
    public int Port { get; init; }

    public int? HostPort { get; init; }

    public string? HostIP { get; init; }

    public string? Protocol { get; init; }
}

public sealed record ResourceRequirements
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Limits { get; init; }

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Requests { get; init; }
}

/// <summary>One variable: a value, or where it comes from.</summary>
public sealed record EnvVar
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? Value { get; init; }

    public EnvVarSource? ValueFrom { get; init; }
}

/// <summary>Exactly one member is set.</summary>
public sealed record EnvVarSource
{
    public FieldReference? FieldRef { get; init; }

    public ResourceFieldReference? ResourceFieldRef { get; init; }

    public KeyReference? ConfigMapKeyRef { get; init; }

    public KeyReference? SecretKeyRef { get; init; }
}

/// <param name="FieldPath">Such as <c>metadata.name</c> or <c>metadata.labels['x']</c>.</param>
public sealed record FieldReference(string? ApiVersion = null, string FieldPath = "");

/// <param name="Resource">Such as <c>limits.cpu</c>.</param>
/// <param name="Divisor">A quantity; null or "0" is one.</param>
public sealed record ResourceFieldReference(string? ContainerName = null, string Resource = "", string? Divisor = null);

/// <summary>A key of a config map or secret.</summary>
public sealed record KeyReference(string? Name = null, string Key = "", bool? Optional = null);

/// <summary>All keys of a config map or secret as variables.</summary>
public sealed record EnvFromSource
{
    public string? Prefix { get; init; }

    public ObjectNameReference? ConfigMapRef { get; init; }

    public ObjectNameReference? SecretRef { get; init; }
}

public sealed record ObjectNameReference(string? Name = null, bool? Optional = null);

public sealed record VolumeMount
{
    /// <summary>The volume's name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    public bool? ReadOnly { get; init; }

    public string MountPath { get; init => field = value ?? ""; } = "";

    public string? SubPath { get; init; }

    public string? SubPathExpr { get; init; }
}
