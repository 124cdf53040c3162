using System.Globalization;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Quantities;

namespace ControlPlane.Agent.Environments;

/// <summary>Fields of a pod and of its resources, as environment variables and files name them.</summary>
internal static class DownwardField
{
    public const string Offered =
        "metadata.name, metadata.namespace, metadata.uid, metadata.labels['key'], metadata.annotations['key'], spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs";

    /// <summary>The value, "" when the pod has none; null when the path is not one of <see cref="Offered"/>.</summary>
    public static string? Of(Pod pod, string path, NodeFacts node) => path switch
    {
        "metadata.name" => pod.Metadata.Name,
        "metadata.namespace" => pod.Metadata.Namespace ?? "",
        "metadata.uid" => pod.Metadata.Uid,
        "metadata.labels" => Lines(pod.Metadata.Labels),
        "metadata.annotations" => Lines(pod.Metadata.Annotations),
        "spec.nodeName" => pod.Spec.NodeName ?? "",
        "spec.serviceAccountName" => pod.Spec.ServiceAccountName ?? "default",
        "status.hostIP" or "status.hostIPs" or "status.podIP" or "status.podIPs" => node.Address,
        _ when Key(path, "metadata.labels") is { } label => pod.Metadata.Labels?.GetValueOrDefault(label) ?? "",
        _ when Key(path, "metadata.annotations") is { } annotation => pod.Metadata.Annotations?.GetValueOrDefault(annotation) ?? "",
        _ => null,
    };

    /// <summary>A container's request or limit in units of the divisor, rounded up; the node's allocatable where no limit was set.</summary>
    public static string? OfResource(Container container, ResourceFieldReference reference, NodeFacts node)
    {
        var dot = reference.Resource.IndexOf('.');
        if (dot < 0) return null;
        var (side, resource) = (reference.Resource[..dot], reference.Resource[(dot + 1)..]);
        if (side is not ("limits" or "requests")) return null;
        var set = side == "limits" ? container.Resources?.Limits : container.Resources?.Requests;
        Quantity quantity;
        if (set is not null && set.TryGetValue(resource, out var text)) quantity = Quantity.Parse(text);
        else if (side == "limits" && node.Allocatable.TryGetValue(resource, out var allocatable)) quantity = allocatable;
        else if (side == "requests" && resource is "cpu" or "memory" or "ephemeral-storage") return "0";
        else return null;

        var divisor = reference.Divisor is { Length: > 0 } and not "0" ? Quantity.Parse(reference.Divisor).MilliValue : 1000;

        // Decimal, because a memory size in thousandths may pass 63 bits.
        return decimal.Ceiling((resource == "cpu" ? quantity.MilliValue : quantity.Value * 1000m) / divisor).ToString(CultureInfo.InvariantCulture);
    }

    private static string? Key(string path, string of) =>
        path.StartsWith(of + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(of.Length + 2)..^2] : null;

    // key="value" lines in key order: the form of a downwardAPI file.
    private static string Lines(IEnumerable<KeyValuePair<string, string>>? pairs) =>
        string.Join('\n', (pairs ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}=\"{Escape(pair.Value)}\""));

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
