using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The types that a set of operations needs, rewritten for one version of OpenAPI.</summary>
internal sealed class OpenApiTypes(bool isV3, IReadOnlyList<GroupVersionKind> groupVersions)
{
    private readonly SortedDictionary<string, JsonNode> _types = new(StringComparer.Ordinal);

    /// <summary>By name.</summary>
    public JsonObject ToDocument() => new(_types.Select(type => KeyValuePair.Create(type.Key, (JsonNode?)type.Value)));

    /// <summary>A reference to a type, which is added with everything it refers to.</summary>
    /// <param name="name">In the facts, or a fact's name and <c>List</c>.</param>
    public JsonObject ReferTo(string name)
    {
        if (!_types.ContainsKey(name))
        {
            // Noted before it is filled: types refer to themselves.
            _types[name] = new JsonObject();
            _types[name] = SchemaCatalog.BuiltIn.Contains(name) ? Rewrite(Fact(name)) : List(name);
        }

        return new() { ["$ref"] = (isV3 ? "#/components/schemas/" : "#/definitions/") + name };
    }

    private JsonObject Fact(string name)
    {
        // Swagger 2.0 has no oneOf.
        if (!isV3 && name.EndsWith(".Quantity", StringComparison.Ordinal)) return new() { ["type"] = "string" };
        if (!isV3 && name.EndsWith(".IntOrString", StringComparison.Ordinal)) return new() { ["type"] = "string", ["format"] = "int-or-string" };
        var type = (JsonObject)JsonNode.Parse(SchemaCatalog.BuiltIn.TextOf(name).Span)!;
        // Types shared by all groups carry a remark in the facts; clients want every group version spelled out.
        if (type["x-kubernetes-group-version-kind"] is JsonValue)
        {
            var kind = name[(name.LastIndexOf('.') + 1)..];
            type["x-kubernetes-group-version-kind"] = new JsonArray([.. groupVersions.Select(groupVersion => Kind(groupVersion with { Kind = kind }))]);
        }

        return type;
    }

    private JsonObject List(string name)
    {
        var element = name[..^"List".Length];
        var kind = SchemaCatalog.BuiltIn.Kinds.First(candidate => candidate.Value == element).Key;
        return new()
        {
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["type"] = "string" },
                ["items"] = new JsonObject { ["type"] = "array", ["items"] = ReferTo(element) },
                ["kind"] = new JsonObject { ["type"] = "string" },
                ["metadata"] = ReferTo(OpenApiOperations.Meta + "ListMeta"),
            },
            ["x-kubernetes-group-version-kind"] = new JsonArray(Kind(kind with { Kind = kind.Kind + "List" })),
        };
    }

    public static JsonObject Kind(GroupVersionKind kind) => new() { ["group"] = kind.Group, ["kind"] = kind.Kind, ["version"] = kind.Version };

    private JsonNode Rewrite(JsonNode node)
    {
        switch (node)
        {
            case JsonObject members when members["$ref"] is JsonValue reference && reference.TryGetValue<string>(out var name):
                members.Remove("$ref");
                foreach (var (key, value) in ReferTo(name))
                {
                    // OpenAPI 3.0 ignores what stands beside a $ref.
                    if (members.Count == 0 || !isV3) members.Insert(0, key, value!.DeepClone());
                    else members.Insert(0, "allOf", new JsonArray(new JsonObject { [key] = value!.DeepClone() }));
                }

                return members;
            case JsonObject members:
                foreach (var (_, value) in members.ToList())
                {
                    if (value is not null) Rewrite(value);
                }

                return members;
            case JsonArray items:
                foreach (var item in items)
                {
                    if (item is not null) Rewrite(item);
                }

                return items;
            default:
                return node;
        }
    }
}
