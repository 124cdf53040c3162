using System.Collections.Immutable;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Nodes;

/// <summary>The taints that follow from a node's state. Other taints are their owners' business and stay.</summary>
internal static class NodeTaints
{
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    public const string NoExecute = "NoExecute";
    private const string NoSchedule = "NoSchedule";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly ImmutableArray<(string Condition, string Key)> Pressures =
    [
        ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "node.kubernetes.io/disk-pressure"),
        ("PIDPressure", "node.kubernetes.io/pid-pressure"),
        ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
    ];

    private static readonly ImmutableHashSet<string> Ours = [NotReady, Unreachable, Unschedulable, .. Pressures.Select(pressure => pressure.Key)];

    /// <summary>The taints a node should have.</summary>
    /// <param name="mayGiveUp">Whether pods may be driven off it now. What is already given up stays so until the node is back.</param>
    public static ImmutableArray<Taint> For(Node node, ImmutableArray<Condition> conditions, bool mayGiveUp, DateTimeOffset now)
    {
        var wanted = new List<(string Key, string Effect)>();
        if (Trouble(conditions) is { } trouble)
        {
            wanted.Add((trouble, NoSchedule));
            if (mayGiveUp || IsGivenUp(node)) wanted.Add((trouble, NoExecute));
        }

        foreach (var (condition, key) in Pressures)
        {
            if (conditions.IsTrue(condition)) wanted.Add((key, NoSchedule));
        }

        if (node.Spec.Unschedulable) wanted.Add((Unschedulable, NoSchedule));

        var kept = node.Spec.Taints.Where(taint => !Ours.Contains(taint.Key) || wanted.Contains((taint.Key, taint.Effect)));
        var added = wanted.Where(pair => !node.Spec.Taints.Any(taint => taint.Key == pair.Key && taint.Effect == pair.Effect));
        return [.. kept, .. added.Select(pair => new Taint(pair.Key, null, pair.Effect, now))];
    }

    /// <summary>The key of the taint a node that is not ready gets; null: it is ready, or so new that it has not told yet.</summary>
    public static string? Trouble(ImmutableArray<Condition> conditions) => conditions.Find("Ready")?.Status switch
    {
        "True" or null => null,
        "Unknown" => Unreachable,
        _ => NotReady,
    };

    /// <summary>Whether pods are being driven off.</summary>
    public static bool IsGivenUp(Node node) => GivenUpAt(node) is not null;

    /// <summary>Since when pods are being driven off, or null.</summary>
    public static DateTimeOffset? GivenUpAt(Node node)
    {
        foreach (var taint in node.Spec.Taints)
        {
            if (taint.Effect == NoExecute && taint.Key is NotReady or Unreachable) return taint.TimeAdded ?? DateTimeOffset.MinValue;
        }

        return null;
    }

    public static bool Tolerates(Toleration toleration, Taint taint)
    {
        if (!string.IsNullOrEmpty(toleration.Effect) && toleration.Effect != taint.Effect) return false;
        if (!string.IsNullOrEmpty(toleration.Key) && toleration.Key != taint.Key) return false;
        return toleration.Operator == "Exists" || (toleration.Value ?? "") == (taint.Value ?? "");
    }
}
