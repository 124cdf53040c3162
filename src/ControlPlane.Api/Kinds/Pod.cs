using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Containers that run together on one node.</summary>
public sealed record Pod : IResource<Pod>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "pods");

    public static JsonTypeInfo<Pod> TypeInfo { get; } = KindJson.TypeInfo<Pod>();

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public PodSpec Spec { get; init => field = value ?? new(); } = new();

    public PodStatus Status { get; init => field = value ?? new(); } = new();

    /// <summary>Succeeded or Failed: nothing of it runs any more, nor ever will.</summary>
    [JsonIgnore]
    public bool IsFinished => Status.Phase is "Succeeded" or "Failed";

    /// <summary>Neither finished nor being deleted.</summary>
    [JsonIgnore]
    public bool IsAlive => !IsFinished && !Metadata.IsBeingDeleted;

    [JsonIgnore]
    public bool IsReady => Status.Conditions.IsTrue("Ready");

    /// <summary>Has a node.</summary>
    [JsonIgnore]
    public bool IsBound => !string.IsNullOrEmpty(Spec.NodeName);
}

public sealed record PodSpec
{
    public ImmutableArray<Volume> Volumes { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<Container> InitContainers { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<Container> Containers { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary><c>Always</c>, <c>OnFailure</c> or <c>Never</c>.</summary>
    public string? RestartPolicy { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }

    public long? ActiveDeadlineSeconds { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public string? ServiceAccountName { get; init; }

    public string? NodeName { get; init; }

    public bool? HostNetwork { get; init; }

    public string? Hostname { get; init; }

    public string? Subdomain { get; init; }

    public Affinity? Affinity { get; init; }

    public string? SchedulerName { get; init; }

    public ImmutableArray<Toleration> Tolerations { get; init => field = value.IsDefault ? [] : value; } = [];

    public string? PriorityClassName { get; init; }

    /// <summary>Set by admission from the priority class.</summary>
    public int? Priority { get; init; }

    /// <summary><c>PreemptLowerPriority</c> or <c>Never</c>.</summary>
    public string? PreemptionPolicy { get; init; }

    public ImmutableArray<TopologySpreadConstraint> TopologySpreadConstraints { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>While any is there, the pod is not scheduled.</summary>
    public ImmutableArray<NamedReference> SchedulingGates { get; init => field = value.IsDefault ? [] : value; } = [];

    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Overhead { get; init; }

    public PodSecurityContext? SecurityContext { get; init; }

    public bool? ShareProcessNamespace { get; init; }
}

/// <summary>Only the fields an agent can honour.</summary>
public sealed record PodSecurityContext
{
    public long? RunAsUser { get; init; }

    public long? RunAsGroup { get; init; }

    public bool? RunAsNonRoot { get; init; }

    public long? FsGroup { get; init; }
}

/// <summary>An item that is only a name.</summary>
public sealed record NamedReference(string Name = "");

public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; init; }

    public ImmutableArray<Condition> Conditions { get; init => field = value.IsDefault ? [] : value; } = [];

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public string? NominatedNodeName { get; init; }

    public string? HostIP { get; init; }

    public ImmutableArray<IpAddress> HostIPs { get; init => field = value.IsDefault ? [] : value; } = [];

    public string? PodIP { get; init; }

    public ImmutableArray<IpAddress> PodIPs { get; init => field = value.IsDefault ? [] : value; } = [];

    public DateTimeOffset? StartTime { get; init; }

    public ImmutableArray<ContainerStatus> InitContainerStatuses { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<ContainerStatus> ContainerStatuses { get; init => field = value.IsDefault ? [] : value; } = [];

    public string? QosClass { get; init; }
}

public sealed record IpAddress(string Ip = "");
