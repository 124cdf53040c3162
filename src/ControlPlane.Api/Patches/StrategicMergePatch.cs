using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Patches;

/// <summary>Strategic merge patch: a merge patch that merges lists too, where the schema marks them so.</summary>
/// <remarks>Directives, in objects of the patch:
/// <c>$patch: replace</c> (this object as a whole), <c>$patch: delete</c> (this object, or the list element with this key),
/// <c>$retainKeys: [a, b]</c> (drop every other field), <c>$setElementOrder/list: […]</c> (the order of the result),
/// <c>$deleteFromPrimitiveList/list: […]</c> (drop these values).</remarks>
internal static class StrategicMergePatch
{
    public const string PatchDirective = "$patch";
    private const string RetainKeysDirective = "$retainKeys";
    private const string SetElementOrderPrefix = "$setElementOrder/";
    private const string DeleteFromPrimitiveListPrefix = "$deleteFromPrimitiveList/";

    public static JsonObject Apply(JsonObject document, JsonObject patch, SchemaNode schema) =>
        Merge((JsonObject)document.DeepClone(), (JsonObject)patch.DeepClone(), schema);

    /// <summary>Merges and consumes both.</summary>
    public static JsonObject Merge(JsonObject target, JsonObject patch, SchemaNode? schema)
    {
        if (patch.TryGetPropertyValue(PatchDirective, out var directive))
        {
            patch.Remove(PatchDirective);
            switch (TextOf(directive))
            {
                case "replace":
                    return (JsonObject)Plain(patch);
                case "delete":
                    return [];
                case "merge":
                    break;
                default:
                    throw ApiErrors.BadRequest($"unknown patch type found: $patch is {directive?.ToJsonString() ?? "null"}: use replace, delete or merge");
            }
        }

        RetainKeys(target, patch);
        var merged = MergeOrderedLists(target, patch, schema);
        var changes = patch.ToList();
        // Frees the values from their parent in one go.
        patch.Clear();
        foreach (var (name, value) in changes)
        {
            if (name.StartsWith(DeleteFromPrimitiveListPrefix, StringComparison.Ordinal)) DeleteFromPrimitiveList(target, name, value);
            else if (!IsDirective(name) && !merged.Contains(name)) MergeField(target, name, value, FieldOf(schema, name));
        }

        return target;
    }

    /// <summary>A patch value that meets nothing: without directives, nulls, and elements that were only there to delete.</summary>
    public static JsonNode Plain(JsonNode value)
    {
        switch (value)
        {
            case JsonObject members:
                for (var i = members.Count - 1; i >= 0; i--)
                {
                    var (name, member) = members.GetAt(i);
                    if (member is null || IsDirective(name)) members.RemoveAt(i);
                    else Plain(member);
                }

                return members;
            case JsonArray items:
                for (var i = items.Count - 1; i >= 0; i--)
                {
                    if (items[i] is JsonObject item && item.TryGetPropertyValue(PatchDirective, out var directive) && TextOf(directive) is "delete" or "replace" && item.Count <= 2) items.RemoveAt(i);
                    else if (items[i] is { } element) Plain(element);
                }

                return items;
            default:
                return value;
        }
    }

    private static void MergeField(JsonObject target, string name, JsonNode? value, SchemaField? field)
    {
        if (value is null)
        {
            target.Remove(name);
            return;
        }

        switch (target[name], value)
        {
            case (JsonObject inner, JsonObject members):
                var merged = Merge(inner, members, field?.Node);
                if (!ReferenceEquals(merged, inner)) target[name] = merged;
                break;
            case (JsonArray list, JsonArray elements) when field is { IsPatchMerged: true }:
                target[name] = StrategicListMerge.Merge((JsonArray)Detached(list), elements, field);
                break;
            default:
                target[name] = Plain(value);
                break;
        }
    }

    private static void RetainKeys(JsonObject target, JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(RetainKeysDirective, out var node)) return;
        if (node is not JsonArray list) throw ApiErrors.BadRequest($"invalid patch format of {RetainKeysDirective}: it is a list of field names");
        var kept = list.Select(TextOf).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in patch)
        {
            if (value is not null && !IsDirective(name) && !kept.Contains(name))
            {
                throw ApiErrors.BadRequest($"invalid patch format of {RetainKeysDirective}: the patch sets \"{name}\", which the list does not name");
            }
        }

        foreach (var name in target.Select(member => member.Key).ToList())
        {
            if (!kept.Contains(name)) target.Remove(name);
        }
    }

    // The names of the lists that are done.
    private static HashSet<string> MergeOrderedLists(JsonObject target, JsonObject patch, SchemaNode? schema)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var directive in patch.Select(member => member.Key).Where(key => key.StartsWith(SetElementOrderPrefix, StringComparison.Ordinal)).ToList())
        {
            var name = directive[SetElementOrderPrefix.Length..];
            if (patch[directive] is not JsonArray order) throw ApiErrors.BadRequest($"invalid patch format of {directive}: it is a list");
            var field = FieldOf(schema, name);
            var original = target[name] as JsonArray;
            var changes = patch[name] as JsonArray;
            if (changes is null && patch.ContainsKey(name)) continue;
            if (original is null && changes is null) continue;
            done.Add(name);
            if (changes is not null) StrategicListMerge.RequireOrder(changes, order, field?.PatchMergeKey, directive);
            var before = original is null ? [] : (JsonArray)original.DeepClone();
            MergeOrdered(target, name, original, changes, field);
            if (field is null || target[name] is not JsonArray merged) continue;
            target[name] = StrategicListMerge.Arrange((JsonArray)Detached(merged), order, before, field.PatchMergeKey);
        }

        return done;
    }

    private static void MergeOrdered(JsonObject target, string name, JsonArray? original, JsonArray? changes, SchemaField? field)
    {
        if (changes is null) return;
        changes = (JsonArray)changes.DeepClone();
        if (original is null) target[name] = Plain(changes);
        else if (field is { IsPatchMerged: true }) target[name] = StrategicListMerge.Merge((JsonArray)Detached(original), changes, field);
        else target[name] = Plain(changes);
    }

    private static void DeleteFromPrimitiveList(JsonObject target, string directive, JsonNode? value)
    {
        var name = directive[DeleteFromPrimitiveListPrefix.Length..];
        if (value is not JsonArray deleted) throw ApiErrors.BadRequest($"invalid patch format of {directive}: it is a list of values");
        if (target[name] is not JsonArray list) return;
        var gone = deleted.Select(StrategicListMerge.Spelling).ToHashSet(StringComparer.Ordinal);
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (gone.Contains(StrategicListMerge.Spelling(list[i]))) list.RemoveAt(i);
        }
    }

    internal static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static bool IsDirective(string name) =>
        name is PatchDirective or RetainKeysDirective
        || name.StartsWith(SetElementOrderPrefix, StringComparison.Ordinal)
        || name.StartsWith(DeleteFromPrimitiveListPrefix, StringComparison.Ordinal);

    private static SchemaField? FieldOf(SchemaNode? schema, string name) => schema?.Type switch
    {
        SchemaType.Object => schema.Fields.GetValueOrDefault(name),
        SchemaType.Map => schema.Element,
        _ => null,
    };

    // A node can have one parent: takes a field's value out of its object.
    private static JsonNode Detached(JsonNode node)
    {
        if (node.Parent is JsonObject members) members[node.GetPropertyName()] = null;
        return node;
    }
}
