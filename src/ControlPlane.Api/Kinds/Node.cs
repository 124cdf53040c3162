using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>A machine that runs pods.</summary>
public sealed record Node : IResource<Node>
{
    public static ResourceDescriptor Resource { get; } = BuiltInResource.Of("", "v1", "nodes");

    public static JsonTypeInfo<Node> TypeInfo { get; } = KindJson.TypeInfo<Node>();

    public ObjectMeta Metadata { get; init; } = new();

    public NodeSpec Spec { get; init; } = new();

    public NodeStatus Status { get; init; } = new();

    [JsonIgnore]
    public bool IsReady => Status.Conditions.IsTrue("Ready");
}

public sealed record NodeSpec
{
    /// <summary>Cordoned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Unschedulable { get; init; }

    public ImmutableArray<Taint> Taints { get; init; } = [];

    public string? ProviderID { get; init; }
}

/// <param name="Key">Such as <c>node.kubernetes.io/not-ready</c>.</param>
/// <param name="Value">Null or "" is the same.</param>
/// <param name="Effect"><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>.</param>
/// <param name="TimeAdded">Set for NoExecute.</param>
public sealed record Taint(string Key = "", string? Value = null, string Effect = "", DateTimeOffset? TimeAdded = null);

public sealed record NodeStatus
{
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Capacity { get; init; }

    /// <summary>What pods may use; null: capacity.</summary>
    [JsonConverter(typeof(QuantityMapConverter))]
    public IReadOnlyDictionary<string, string>? Allocatable { get; init; }

    public ImmutableArray<Condition> Conditions { get; init; } = [];

    public ImmutableArray<NodeAddress> Addresses { get; init; } = [];

    public NodeSystemInfo? NodeInfo { get; init; }
}

/// <param name="Type"><c>InternalIP</c>, <c>ExternalIP</c>, <c>Hostname</c>.</param>
public sealed record NodeAddress(string Type = "", string Address = "");

public sealed record NodeSystemInfo
{
    public string MachineID { get; init; } = "";

    public string SystemUUID { get; init; } = "";

    public string BootID { get; init; } = "";

    public string KernelVersion { get; init; } = "";

    public string OsImage { get; init; } = "";

    public string ContainerRuntimeVersion { get; init; } = "";

    public string KubeletVersion { get; init; } = "";

    public string KubeProxyVersion { get; init; } = "";

    public string OperatingSystem { get; init; } = "";

    public string Architecture { get; init; } = "";
}
