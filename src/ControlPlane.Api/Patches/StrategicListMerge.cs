using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Patches;

/// <summary>Merging of lists in strategic merge patches: elements meet by their merge key, values by being equal. The order of the patch wins over the
/// order of the document; elements the patch does not name keep their order and stand before the later ones of their neighbours.</summary>
internal static class StrategicListMerge
{
    /// <summary>Merges and consumes both; neither has a parent or both may be discarded.</summary>
    public static JsonArray Merge(JsonArray original, JsonArray patch, SchemaField field)
    {
        var key = field.PatchMergeKey;
        if (key is null) return MergeValues(original, patch);
        var changes = new List<JsonObject>();
        var isReplaced = false;
        var deleted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in patch.ToList())
        {
            if (node is not JsonObject element) throw ApiErrors.BadRequest($"invalid patch format of list {field.Name}: its elements are objects with a \"{key}\"");
            switch (StrategicMergePatch.TextOf(element[StrategicMergePatch.PatchDirective]))
            {
                case null when element.ContainsKey(StrategicMergePatch.PatchDirective):
                    throw UnknownDirective(element);
                case null:
                    RequireKey(element, key);
                    changes.Add(element);
                    break;
                case "delete":
                    deleted.Add(RequireKey(element, key));
                    break;
                case "replace":
                    isReplaced = true;
                    // "{$patch: replace}" alone is a mark for the whole list.
                    element.Remove(StrategicMergePatch.PatchDirective);
                    if (element.Count > 0) changes.Add(element);
                    break;
                case "merge":
                    element.Remove(StrategicMergePatch.PatchDirective);
                    RequireKey(element, key);
                    changes.Add(element);
                    break;
                default:
                    throw UnknownDirective(element);
            }
        }

        patch.Clear();
        if (isReplaced) return new([.. changes.Select(StrategicMergePatch.Plain)]);
        return MergeElements(original, changes, deleted, key, field);
    }

    /// <summary>Puts elements into the order of <paramref name="order"/>; those it does not name keep the place they had in <paramref name="before"/> as well as they can.</summary>
    public static JsonArray Arrange(JsonArray merged, JsonArray order, JsonArray before, string? key)
    {
        var orderRanks = Ranks(order, key);
        var beforeRanks = Ranks(before, key);
        var elements = merged.ToList();
        merged.Clear();
        var named = elements.Where(element => orderRanks.ContainsKey(KeyOf(element, key))).OrderBy(element => orderRanks[KeyOf(element, key)]).ToList();
        var others = elements.Where(element => !orderRanks.ContainsKey(KeyOf(element, key))).OrderBy(element => beforeRanks.GetValueOrDefault(KeyOf(element, key), int.MaxValue)).ToList();
        var (i, j) = (0, 0);
        while (i < others.Count || j < named.Count)
        {
            merged.Add(j == named.Count || (i < others.Count && StandsBefore(others[i], named[j])) ? others[i++] : named[j++]);
        }

        return merged;

        bool StandsBefore(JsonNode? other, JsonNode? name) =>
            beforeRanks.TryGetValue(KeyOf(other, key), out var left) && beforeRanks.TryGetValue(KeyOf(name, key), out var right) && left < right;
    }

    /// <summary>Checks that what the patch changes appears in the order list, in the same order.</summary>
    public static void RequireOrder(JsonArray changes, JsonArray order, string? key, string directive)
    {
        var ranks = Ranks(order, key);
        var last = -1;
        foreach (var change in changes)
        {
            if (change is JsonObject element && element.ContainsKey(StrategicMergePatch.PatchDirective)) continue;
            if (ranks.TryGetValue(KeyOf(change, key), out var rank) && rank > last)
            {
                last = rank;
                continue;
            }

            throw ApiErrors.BadRequest($"the order in patch list doesn't match {directive} list: {KeyOf(change, key)} is missing there or stands elsewhere");
        }
    }

    /// <summary>Equal values have equal spellings.</summary>
    public static string Spelling(JsonNode? node) => node?.ToJsonString() ?? "null";

    private static JsonArray MergeElements(JsonArray original, List<JsonObject> changes, HashSet<string> deleted, string key, SchemaField field)
    {
        var elements = original.Where(element => !deleted.Contains(KeyOf(element, key))).ToList();
        var before = new JsonArray([.. elements.Select(element => element?.DeepClone())]);
        original.Clear();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < elements.Count; i++) places.TryAdd(KeyOf(elements[i], key), i);
        var order = new JsonArray([.. changes.Select(change => (JsonNode?)new JsonObject { [key] = change[key]!.DeepClone() })]);
        foreach (var change in changes)
        {
            var spelling = KeyOf(change, key);
            if (places.TryGetValue(spelling, out var place))
            {
                elements[place] = StrategicMergePatch.Merge((JsonObject)elements[place]!, change, field.Node.Element!.Node);
            }
            else
            {
                places.Add(spelling, elements.Count);
                elements.Add(StrategicMergePatch.Plain(change));
            }
        }

        return Arrange(new([.. elements]), order, before, key);
    }

    private static JsonArray MergeValues(JsonArray original, JsonArray patch)
    {
        var before = (JsonArray)original.DeepClone();
        var order = (JsonArray)patch.DeepClone();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var both = original.Concat(patch).Where(value => seen.Add(Spelling(value))).ToList();
        original.Clear();
        patch.Clear();
        return Arrange(new([.. both]), order, before, null);
    }

    // The first place counts, should an element appear twice.
    private static Dictionary<string, int> Ranks(JsonArray list, string? key)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++) ranks.TryAdd(KeyOf(list[i], key), i);
        return ranks;
    }

    private static string KeyOf(JsonNode? element, string? key) => Spelling(key is not null && element is JsonObject members ? members[key] : element);

    private static string RequireKey(JsonObject element, string key) => element[key] is { } value
        ? Spelling(value)
        : throw ApiErrors.BadRequest($"map: {Shorten(element.ToJsonString())} does not contain declared merge key: {key}");

    private static ApiException UnknownDirective(JsonObject element) =>
        ApiErrors.BadRequest($"unknown patch type found: $patch is {Spelling(element[StrategicMergePatch.PatchDirective])}: use replace, delete or merge");

    private static string Shorten(string text) => text.Length <= 120 ? text : $"{text.AsSpan(0, 120)}…";
}
