using System.Globalization;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Patches;

/// <summary>RFC 6902, strictly: unknown operations, missing members and paths that do not resolve refuse the whole patch.</summary>
internal sealed class JsonPatch
{
    /// <summary>As a real server's.</summary>
    private const int OperationCountMax = 10_000;

    // Copies of copies double with every operation; 3 MiB is the most a request may bring, so the most it may make.
    private const int CopiedSizeMax = 3 * 1024 * 1024;

    private JsonNode? _root;
    private long _copiedSize;

    private JsonPatch(JsonObject document) => _root = document;

    /// <exception cref="ApiException">400 for what is no patch, 413 for too many operations, 422 for a patch that does not apply.</exception>
    public static JsonObject Apply(JsonObject document, JsonArray patch)
    {
        if (patch.Count > OperationCountMax)
        {
            throw ApiErrors.TooLarge($"The allowed maximum operations in a JSON patch is {OperationCountMax}, got {patch.Count}");
        }

        var work = new JsonPatch((JsonObject)document.DeepClone());
        for (var i = 0; i < patch.Count; i++)
        {
            if (work.Run(patch[i]) is { } problem) throw Refuse(i, patch[i], problem);
        }

        return work._root as JsonObject ?? throw Refuse(patch.Count - 1, patch[^1], "the result is not an object");
    }

    // Null, or what is wrong.
    private string? Run(JsonNode? operation)
    {
        if (operation is not JsonObject members) return "an operation is an object with op and path";
        if (TextOf(members, "op") is not { } op) return "op is missing: use add, remove, replace, move, copy or test";
        if (TextOf(members, "path") is not { } pathText) return "path is missing";
        if (JsonPointer.Read(pathText, out var path) is { } problem) return problem;
        switch (op)
        {
            case "add":
                return members.TryGetPropertyValue("value", out var added) ? Add(path, added?.DeepClone()) : "value is missing";
            case "remove":
                return Remove(path, out _);
            case "replace":
                return members.TryGetPropertyValue("value", out var replacement) ? Replace(path, replacement?.DeepClone()) : "value is missing";
            case "test":
                return members.TryGetPropertyValue("value", out var expected) ? Test(path, expected) : "value is missing";
            case "move" or "copy":
                if (TextOf(members, "from") is not { } fromText) return "from is missing";
                if (JsonPointer.Read(fromText, out var from) is { } fromProblem) return fromProblem;
                return op == "move" ? Move(from, path) : Copy(from, path);
            default:
                return $"unknown op \"{op}\": use add, remove, replace, move, copy or test";
        }
    }

    private string? Add(JsonPointer path, JsonNode? value)
    {
        // Keeps every document within the depth that the rest of the server walks by recursion.
        if (path.Tokens.Length + DepthOf(value) > DocumentReader.DepthMax) return $"the result is nested more than {DocumentReader.DepthMax} levels deep";
        if (path.Tokens.IsEmpty)
        {
            _root = value;
            return null;
        }

        if (!TryFindParent(path, out var parent)) return "the path's parent does not exist";
        var last = path.Tokens[^1];
        switch (parent)
        {
            case JsonObject members:
                members[last] = value;
                return null;
            case JsonArray items when last == "-":
                items.Add(value);
                return null;
            case JsonArray items when JsonPointer.TryIndex(last, items.Count, out var index):
                items.Insert(index, value);
                return null;
            case JsonArray items:
                return $"\"{last}\" is no index of a list of {items.Count.ToString(CultureInfo.InvariantCulture)}";
            default:
                return "the path's parent is neither an object nor a list";
        }
    }

    private string? Remove(JsonPointer path, out JsonNode? removed)
    {
        removed = null;
        if (path.Tokens.IsEmpty) return "the whole document cannot be removed";
        if (!TryFindParent(path, out var parent) || !JsonPointer.TryFind(parent, path.Tokens[^1..], out removed)) return "there is nothing at the path";
        if (parent is JsonObject members)
        {
            members.Remove(path.Tokens[^1]);
        }
        else
        {
            JsonPointer.TryIndex(path.Tokens[^1], int.MaxValue, out var index);
            ((JsonArray)parent).RemoveAt(index);
        }

        return null;
    }

    private string? Replace(JsonPointer path, JsonNode? value)
    {
        if (path.Tokens.IsEmpty) return Add(path, value);
        if (Remove(path, out _) is { } problem) return problem;
        return Add(path, value);
    }

    private string? Test(JsonPointer path, JsonNode? expected)
    {
        if (_root is null || !JsonPointer.TryFind(_root, path.Tokens, out var actual)) return "there is nothing at the path";
        return JsonNode.DeepEquals(actual, expected) ? null : $"the value is {Shorten(actual)}";
    }

    private string? Move(JsonPointer from, JsonPointer path)
    {
        if (from.Tokens.Length < path.Tokens.Length && from.Contains(path)) return "a value cannot be moved into itself";
        if (from.Tokens.SequenceEqual(path.Tokens)) return _root is not null && JsonPointer.TryFind(_root, from.Tokens, out _) ? null : "there is nothing at from";
        return Remove(from, out var value) is { } problem ? problem.Replace("at the path", "at from", StringComparison.Ordinal) : Add(path, value);
    }

    private string? Copy(JsonPointer from, JsonPointer path)
    {
        if (_root is null || !JsonPointer.TryFind(_root, from.Tokens, out var value)) return "there is nothing at from";
        _copiedSize += value?.ToJsonString().Length ?? 0;
        return _copiedSize > CopiedSizeMax ? $"copies may add at most {CopiedSizeMax} bytes" : Add(path, value?.DeepClone());
    }

    private bool TryFindParent(JsonPointer path, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out JsonNode? parent)
    {
        parent = null;
        return _root is not null && JsonPointer.TryFind(_root, path.Tokens[..^1], out parent) && parent is not null;
    }

    private static int DepthOf(JsonNode? node)
    {
        var deepest = 0;
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members) deepest = Math.Max(deepest, DepthOf(value));
                return deepest + 1;
            case JsonArray items:
                foreach (var item in items) deepest = Math.Max(deepest, DepthOf(item));
                return deepest + 1;
            default:
                return 0;
        }
    }

    private static string? TextOf(JsonObject members, string name) => members[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static string Shorten(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length <= 80 ? text : $"{text.AsSpan(0, 80)}…";
    }

    private static ApiException Refuse(int index, JsonNode? operation, string problem)
    {
        var name = operation is JsonObject members ? $" ({TextOf(members, "op")} {TextOf(members, "path")})" : "";
        return ApiErrors.PatchRejected($"operation {index}{name}: {problem}");
    }
}
