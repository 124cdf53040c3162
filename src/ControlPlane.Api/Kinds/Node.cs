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

    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public NodeSpec Spec { get; init => field = value ?? new(); } = new();

    public NodeStatus Status { get; init => field = value ?? new(); } = new();

    [JsonIgnore]
    public bool IsReady => Status.Conditions.IsTrue("Ready");
}

public sealed record NodeSpec
{
    /// <summary>Cordoned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Unschedulable { get; init; }

    public ImmutableArray<Taint> Taints { get; init => field = value.IsDefault ? [] : value; } = [];

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

    public ImmutableArray<Condition> Conditions { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<NodeAddress> Addresses { get; init => field = value.IsDefault ? [] : value; } = [];

    public NodeSystemInfo? NodeInfo { get; init; }
}

/// <param name="Type"><c>InternalIP</c>, <c>ExternalIP</c>, <c>Hostname</c>.</param>
public sealed record NodeAddress(string Type = "", string Address = "");

public sealed record NodeSystemInfo
{
    public string MachineID { get; init => field = value ?? ""; } = "";

    public string SystemUUID { get; init => field = value ?? ""; } = "";

    public string BootID { get; init => field = value ?? ""; } = "";

    public string KernelVersion { get; init => field = value ?? ""; } = "";

    public string OsImage { get; init => field = value ?? ""; } = "";

    public string ContainerRuntimeVersion { get; init => field = value ?? ""; } = "";

    public string KubeletVersion { get; init => field = value ?? ""; } = "";

    public string KubeProxyVersion { get; init => field = value ?? ""; } = "";

    public string OperatingSystem { get; init => field = value ?? ""; } = "";

    public string Architecture { get; init => field = value ?? ""; } = "";
}
