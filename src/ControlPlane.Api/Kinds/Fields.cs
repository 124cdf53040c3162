using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Api.Kinds;

/// <summary>Reading and completing documents by path. A value of another type than asked for counts as absent: the schema has already said so.</summary>
internal static class Fields
{
    /// <summary>The node at a path, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node is not JsonObject inner || !inner.TryGetPropertyValue(name, out node)) return null;
        }

        return node;
    }

    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value || value.GetValueKind() != JsonValueKind.Number) return null;
        if (value.TryGetValue<long>(out var number)) return number;
        if (value.TryGetValue<int>(out var small)) return small;
        return value.TryGetValue<JsonElement>(out var element) && element.TryGetInt64(out number) ? number : null;
    }

    public static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) is JsonValue value
        ? value.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        }
        : null;

    /// <summary>The objects of a list; items of other types are left out.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray list ? list.OfType<JsonObject>() : [];

    public static int Count(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) switch
    {
        JsonArray list => list.Count,
        JsonObject map => map.Count,
        _ => 0,
    };

    public static bool Has(this JsonObject node, string name) => node.TryGetPropertyValue(name, out var value) && value is not null;

    /// <summary>The object under a name, made when it is absent.</summary>
    public static JsonObject ObjectOrNew(this JsonObject node, string name)
    {
        if (node[name] is JsonObject there) return there;
        var made = new JsonObject();
        node[name] = made;
        return made;
    }

    public static void Default(this JsonObject node, string name, JsonNode value)
    {
        if (!node.Has(name)) node[name] = value;
    }

    /// <summary>As <see cref="Default"/>; the empty string counts as absent, as it does for the enumerations of Kubernetes.</summary>
    public static void DefaultText(this JsonObject node, string name, string value)
    {
        if (!node.Has(name) || node.Text(name) == "") node[name] = value;
    }

    /// <summary>Puts a copy of another document's field here, or removes it when it is absent there.</summary>
    public static void Restore(this JsonObject node, string name, JsonObject source)
    {
        if (source.TryGetPropertyValue(name, out var value)) node[name] = value?.DeepClone();
        else node.Remove(name);
    }

    /// <summary>A value as error messages show it: strings quoted, the rest as JSON.</summary>
    public static string Show(JsonNode? value) => value is null ? "null" : value.ToJsonString(ShowOptions);

    public static bool TryGetTime(this JsonNode? node, out DateTimeOffset time, params ReadOnlySpan<string> path)
    {
        time = default;
        return node.Text(path) is { Length: > 0 } text && TimeConverter.TryParse(text, out time);
    }

    public static bool TryGetText(this JsonNode? node, [NotNullWhen(true)] out string? text, params ReadOnlySpan<string> path)
    {
        text = node.Text(path);
        return text is { Length: > 0 };
    }

    private static readonly JsonSerializerOptions ShowOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
