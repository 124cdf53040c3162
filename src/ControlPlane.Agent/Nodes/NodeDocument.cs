using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Nodes;

/// <summary>One node this agent speaks for.</summary>
/// <param name="Labels">Besides the usual ones.</param>
internal sealed record NodeIdentity(string Name, string Address, NodeCapacity Capacity, NodeSystemInfo SystemInfo, IReadOnlyDictionary<string, string> Labels);

/// <summary>Puts a node into the words of the API. Pure.</summary>
internal static class NodeDocument
{
    /// <summary>The object to create.</summary>
    public static JsonObject Create(NodeIdentity node, NodePressure pressure, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject { ["name"] = node.Name, ["labels"] = Labels(node) },
        ["spec"] = new JsonObject(),
        ["status"] = Status(node, pressure, now, now),
    };

    /// <summary>A merge patch that gives a known node its labels; labels of others stay.</summary>
    public static JsonObject LabelPatch(NodeIdentity node) => new() { ["metadata"] = new JsonObject { ["labels"] = Labels(node) } };

    /// <summary>A strategic merge patch for <c>nodes/status</c>.</summary>
    /// <param name="readySince">When the conditions last changed, as far as the agent knows; null leaves the API's transition times.</param>
    public static JsonObject StatusPatch(NodeIdentity node, NodePressure pressure, DateTimeOffset now, DateTimeOffset? readySince) => new() { ["status"] = Status(node, pressure, now, readySince) };

    private static JsonObject Status(NodeIdentity node, NodePressure pressure, DateTimeOffset now, DateTimeOffset? since)
    {
        var resources = new JsonObject();
        foreach (var (name, quantity) in node.Capacity.Resources) resources[name] = quantity;
        return new()
        {
            ["capacity"] = resources,
            ["allocatable"] = resources.DeepClone(),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", pressure.Memory, "AgentHasInsufficientMemory", "AgentHasSufficientMemory", "agent has sufficient memory available", now, since),
                Condition("DiskPressure", pressure.Disk, "AgentHasDiskPressure", "AgentHasNoDiskPressure", "agent has no disk pressure", now, since),
                Condition("PIDPressure", false, "AgentHasInsufficientPID", "AgentHasSufficientPID", "agent has sufficient PID available", now, since),
                Condition("Ready", true, "AgentReady", "AgentReady", "agent is posting ready status", now, since)),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = node.Address },
                new JsonObject { ["type"] = "Hostname", ["address"] = node.Name }),
            ["nodeInfo"] = SystemInfo(node.SystemInfo),
        };
    }

    private static JsonObject Labels(NodeIdentity node)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/hostname"] = node.Name,
            ["kubernetes.io/os"] = node.SystemInfo.OperatingSystem,
            ["kubernetes.io/arch"] = node.SystemInfo.Architecture,
            ["beta.kubernetes.io/os"] = node.SystemInfo.OperatingSystem,
            ["beta.kubernetes.io/arch"] = node.SystemInfo.Architecture,
        };
        foreach (var (name, value) in node.Labels) labels[name] = value;
        return labels;
    }

    private static JsonObject Condition(string type, bool isTrue, string reasonWhenTrue, string reasonWhenFalse, string message, DateTimeOffset now, DateTimeOffset? since)
    {
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = isTrue ? "True" : "False",
            ["reason"] = isTrue ? reasonWhenTrue : reasonWhenFalse,
            ["message"] = isTrue && type != "Ready" ? reasonWhenTrue : message,
            ["lastHeartbeatTime"] = TimeConverter.Format(now),
        };
        if (since is { } time) condition["lastTransitionTime"] = TimeConverter.Format(time);
        return condition;
    }

    private static JsonObject SystemInfo(NodeSystemInfo info) => new()
    {
        ["machineID"] = info.MachineID,
        ["systemUUID"] = info.SystemUUID,
        ["bootID"] = info.BootID,
        ["kernelVersion"] = info.KernelVersion,
        ["osImage"] = info.OsImage,
        ["containerRuntimeVersion"] = info.ContainerRuntimeVersion,
        ["kubeletVersion"] = info.KubeletVersion,
        ["kubeProxyVersion"] = info.KubeProxyVersion,
        ["operatingSystem"] = info.OperatingSystem,
        ["architecture"] = info.Architecture,
    };
}

/// <summary>Whether the machine runs short of something.</summary>
internal readonly record struct NodePressure(bool Memory, bool Disk)
{
    // A kubelet's defaults: 100 MiB of memory, a tenth of the file system.
    private const long MemoryMinKibibytes = 100 * 1024;

    public static NodePressure Of(string data)
    {
        var drive = new DriveInfo(Path.GetFullPath(data));
        return new(MachineFacts.MemoryAvailableKibibytes() < MemoryMinKibibytes, drive.AvailableFreeSpace < drive.TotalSize / 10);
    }
}
