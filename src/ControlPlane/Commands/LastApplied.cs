using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Commands;

/// <summary>The annotation in which apply remembers the user's file. Byte for byte what kubectl writes, so that one tool's apply is "unchanged" to
/// the other: keys sorted, HTML characters escaped, an empty annotations object, a newline at the end.</summary>
internal static class LastApplied
{
    public const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The user's object with the annotation in it; the argument is left alone.</summary>
    public static JsonObject Annotate(JsonObject manifest)
    {
        var annotated = (JsonObject)manifest.DeepClone();
        if (annotated["metadata"] is not JsonObject metadata) annotated["metadata"] = metadata = [];
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations.Remove(Annotation);
        var text = Write(annotated) + "\n";
        annotations[Annotation] = text;
        return annotated;
    }

    /// <summary>The file as it was applied last, or null when the object was made another way.</summary>
    public static JsonObject? Of(JsonObject current)
    {
        if (current["metadata"]?["annotations"]?[Annotation] is not JsonValue value || value.GetValueKind() != JsonValueKind.String) return null;
        try
        {
            return JsonNode.Parse(value.GetValue<string>()) as JsonObject;
        }
        catch (JsonException)
        {
            // Somebody edited the annotation by hand: without it nothing is removed, which is the safe side.
            return null;
        }
    }

    /// <summary>JSON as Go's encoder writes it.</summary>
    internal static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(node, text);
        return text.ToString();
    }

    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject fields:
                text.Append('{');
                foreach (var (key, value) in fields.OrderBy(field => field.Key, StringComparer.Ordinal))
                {
                    if (text[^1] != '{') text.Append(',');
                    Text(key, text);
                    text.Append(':');
                    Write(value, text);
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    if (text[^1] != '[') text.Append(',');
                    Write(item, text);
                }

                text.Append(']');
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Text(value.GetValue<string>(), text);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                text.Append(Number(value));
                break;
            default:
                text.Append(node.ToJsonString());
                break;
        }
    }

    private static string Number(JsonValue value)
    {
        if (value.TryGetValue<long>(out var whole)) return whole.ToString(CultureInfo.InvariantCulture);
        if (value.TryGetValue<ulong>(out var large)) return large.ToString(CultureInfo.InvariantCulture);
        var number = value.GetValue<double>();
        var size = Math.Abs(number);
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        if (!text.Contains('E')) return text;
        // Both write the fewest digits that read back the same, but Go turns to exponents later, and writes e-7 where .NET writes E-07.
        return size is >= 1e-6 and < 1e21
            ? number.ToString("0.##############################", CultureInfo.InvariantCulture)
            : text.Replace("E-0", "e-", StringComparison.Ordinal).Replace('E', 'e');
    }

    private static void Text(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '<' or '>' or '&' or '\u2028' or '\u2029' or < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
