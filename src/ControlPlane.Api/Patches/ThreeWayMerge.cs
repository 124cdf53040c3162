using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Patches;

/// <summary>What <c>apply</c> wants: the user's fields as the file has them now, without those the file had last time and has no more, and
/// everything others wrote left alone. Lists with a merge key are merged element by element, as the schema says; other lists are one value.</summary>
public static class ThreeWayMerge
{
    /// <summary>The document that should exist.</summary>
    /// <param name="original">The user's file as it was applied last, or null.</param>
    /// <param name="modified">The user's file now.</param>
    /// <param name="current">What exists.</param>
    /// <param name="resource">For merge keys; a resource without a built-in schema merges objects only.</param>
    public static JsonObject Merge(JsonObject? original, JsonObject modified, JsonObject current, ResourceDescriptor resource)
    {
        var catalog = SchemaCatalog.BuiltIn;
        var node = catalog.NameOf(resource.Kind) is { } name ? catalog.Get(name) : null;
        return MergeObject(original, modified, current, node);
    }

    /// <summary>The JSON merge patch from one document to another; empty when they are equal.</summary>
    public static JsonObject Difference(JsonObject from, JsonObject to)
    {
        var patch = new JsonObject();
        foreach (var (key, value) in to)
        {
            if (value is null) continue;
            var before = from[key];
            if (before is JsonObject left && value is JsonObject right)
            {
                var inner = Difference(left, right);
                if (inner.Count > 0) patch[key] = inner;
            }
            else if (!SameValue(before, value))
            {
                patch[key] = value.DeepClone();
            }
        }

        foreach (var (key, value) in from)
        {
            if (value is not null && to[key] is null) patch[key] = null;
        }

        return patch;
    }

    private static JsonObject MergeObject(JsonObject? original, JsonObject modified, JsonObject current, SchemaNode? node)
    {
        var merged = (JsonObject)current.DeepClone();
        foreach (var (key, value) in modified)
        {
            // A null in a file (creationTimestamp, as tools print it) asks for nothing unless something was there before.
            if (value is null) continue;
            var field = FieldOf(node, key);
            merged[key] = (value, current[key]) switch
            {
                (JsonObject inner, JsonObject existing) when field?.Node.IsAtomic != true => MergeObject(original?[key] as JsonObject, inner, existing, field?.Node),
                (JsonArray items, JsonArray existing) when field is { IsPatchMerged: true } => MergeList(original?[key] as JsonArray, items, existing, field),
                // Written differently, meant the same (a quantity, 1 and 1.0): not a change.
                (_, { } existing) when SameValue(existing, value) || SameQuantity(field, existing, value) => existing.DeepClone(),
                _ => value.DeepClone(),
            };
        }

        if (original is null) return merged;
        foreach (var (key, value) in original)
        {
            if (value is not null && modified[key] is null) merged.Remove(key);
        }

        return merged;
    }

    private static JsonArray MergeList(JsonArray? original, JsonArray modified, JsonArray current, SchemaField field)
    {
        var keyOf = field.PatchMergeKey is { } mergeKey
            ? (Func<JsonNode?, string>)(item => (item as JsonObject)?[mergeKey]?.ToJsonString() ?? "")
            : item => item?.ToJsonString() ?? "null";
        var wanted = modified.Select(keyOf).ToHashSet(StringComparer.Ordinal);
        var dropped = (original ?? []).Select(keyOf).Where(key => !wanted.Contains(key)).ToHashSet(StringComparer.Ordinal);
        var result = modified.Select(item =>
        {
            var key = keyOf(item);
            var existing = current.FirstOrDefault(one => keyOf(one) == key);
            var before = original?.FirstOrDefault(one => keyOf(one) == key);
            var merged = item is JsonObject fields && existing is JsonObject there ? MergeObject(before as JsonObject, fields, there, field.Node.Element?.Node) : item?.DeepClone();
            return (key, merged);
        }).ToList();

        // What others added keeps its place behind the element it followed.
        var at = 0;
        foreach (var existing in current)
        {
            var key = keyOf(existing);
            var found = result.FindIndex(pair => pair.key == key);
            if (found >= 0) at = found + 1;
            else if (!dropped.Contains(key)) result.Insert(at++, (key, existing?.DeepClone()));
        }

        return [.. result.Select(pair => pair.merged)];
    }

    private static SchemaField? FieldOf(SchemaNode? node, string key) => node switch
    {
        null => null,
        { Type: SchemaType.Map } => node.Element,
        _ => node.Fields.GetValueOrDefault(key),
    };

    // The server stores "500m" for 0.5.
    private static bool SameQuantity(SchemaField? field, JsonNode existing, JsonNode value) =>
        field?.Node.Type == SchemaType.Quantity
        && Quantity.TryParse(existing.ToString(), out var before) && Quantity.TryParse(value.ToString(), out var after) && before == after;

    private static bool SameValue(JsonNode? left, JsonNode? right)
    {
        if (JsonNode.DeepEquals(left, right)) return true;
        return left?.GetValueKind() == JsonValueKind.Number && right?.GetValueKind() == JsonValueKind.Number
            && left.AsValue().TryGetValue<double>(out var a) && right.AsValue().TryGetValue<double>(out var b) && a == b;
    }
}
