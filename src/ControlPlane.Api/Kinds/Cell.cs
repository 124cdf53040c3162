using System.Text.Json.Nodes;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

/// <summary>Cells that several kinds show.</summary>
internal static class Cell
{
    public const string None = "<none>";

    public static TableCell Name(JsonObject document) => document.Text("metadata", "name") ?? "";

    public static TableCell Age(JsonObject document, DateTimeOffset now) => Since(document, now, "metadata", "creationTimestamp");

    /// <summary>How long ago, or <c>&lt;unknown&gt;</c>.</summary>
    public static string Since(JsonNode? node, DateTimeOffset now, params ReadOnlySpan<string> path) =>
        node.TryGetTime(out var time, path) ? HumanDuration.Format(now - time) : "<unknown>";

    public static string OrNone(string? text) => string.IsNullOrEmpty(text) ? None : text;

    public static string ContainerNames(JsonNode? podSpec) => string.Join(',', podSpec.Items("containers").Select(container => container.Text("name")));

    public static string Images(JsonNode? podSpec) => string.Join(',', podSpec.Items("containers").Select(container => container.Text("image")));

    /// <summary>A map of labels as <c>a=b,c=d</c>.</summary>
    public static string Labels(JsonNode? labels) => labels is JsonObject { Count: > 0 } map
        ? string.Join(',', map.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"))
        : None;

    /// <summary>A <c>metav1.LabelSelector</c> in the spelling of <c>-l</c>.</summary>
    public static string Selector(JsonNode? selector)
    {
        if (selector is not JsonObject) return None;
        var parts = new List<string>();
        if (selector.Object("matchLabels") is { } labels) parts.AddRange(labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));
        foreach (var expression in selector.Items("matchExpressions"))
        {
            var key = expression.Text("key");
            var values = expression.At("values") is JsonArray list ? string.Join(',', list.Select(value => value?.ToString()).Order(StringComparer.Ordinal)) : "";
            parts.Add(expression.Text("operator") switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "DoesNotExist" => $"!{key}",
                _ => key ?? "",
            });
        }

        return parts.Count == 0 ? None : string.Join(',', parts);
    }
}
