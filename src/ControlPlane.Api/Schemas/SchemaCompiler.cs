using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace ControlPlane.Api.Schemas;

/// <summary>From the JSON of a type to a <see cref="SchemaNode"/>.</summary>
internal sealed class SchemaCompiler(SchemaCatalog catalog)
{
    private const string Prefix = "io.k8s.apimachinery.pkg.";

    public SchemaNode Compile(string name, ReadOnlyMemory<byte> text)
    {
        // Types whose JSON form is not what their schema says, or says too loosely.
        SchemaType? special = name switch
        {
            Prefix + "api.resource.Quantity" => SchemaType.Quantity,
            Prefix + "util.intstr.IntOrString" => SchemaType.IntOrString,
            Prefix + "apis.meta.v1.Time" => SchemaType.Time,
            Prefix + "apis.meta.v1.MicroTime" => SchemaType.MicroTime,
            _ => null,
        };
        if (special is not null) return new() { Name = name, Type = special.Value };
        using var document = JsonDocument.Parse(text);
        return Node(document.RootElement, name);
    }

    private SchemaNode Node(JsonElement schema, string? name)
    {
        var type = schema.TryGetProperty("type", out var typeName) ? typeName.GetString() : null;
        return type switch
        {
            null => new() { Name = name, Type = SchemaType.Any },
            "object" => ObjectOrMap(schema, name),
            "array" => new() { Name = name, Type = SchemaType.Array, Element = Field("", schema.GetProperty("items"), false) },
            "boolean" => new() { Name = name, Type = SchemaType.Boolean },
            "number" => new() { Name = name, Type = SchemaType.Double },
            "integer" => new() { Name = name, Type = Format(schema) == "int32" ? SchemaType.Int32 : SchemaType.Int64 },
            _ => new() { Name = name, Type = Format(schema) == "byte" ? SchemaType.Bytes : SchemaType.String },
        };
    }

    private SchemaNode ObjectOrMap(JsonElement schema, string? name)
    {
        if (schema.TryGetProperty("additionalProperties", out var element)) return new() { Name = name, Type = SchemaType.Map, Element = Field("", element, false) };
        if (!schema.TryGetProperty("properties", out var properties)) return new() { Name = name, Type = SchemaType.FreeObject };
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(item => item.GetString()!).ToHashSet() : [];
        var fields = properties.EnumerateObject().Select(property => Field(property.Name, property.Value, required.Contains(property.Name))).ToImmutableArray();
        return new()
        {
            Name = name,
            Type = SchemaType.Object,
            OrderedFields = fields,
            Fields = fields.ToFrozenDictionary(field => field.Name, StringComparer.Ordinal),
            IsAtomic = schema.TryGetProperty("x-kubernetes-map-type", out var mapType) && mapType.ValueEquals("atomic"),
        };
    }

    private SchemaField Field(string name, JsonElement schema, bool isRequired)
    {
        var reference = schema.TryGetProperty("$ref", out var target) ? target.GetString() : null;
        var strategies = Text(schema, "x-kubernetes-patch-strategy")?.Split(',') ?? [];
        return new(catalog, name, reference is null ? Node(schema, null) : null, reference)
        {
            IsRequired = isRequired,
            ListType = Text(schema, "x-kubernetes-list-type") ?? "",
            ListMapKeys = schema.TryGetProperty("x-kubernetes-list-map-keys", out var keys) ? [.. keys.EnumerateArray().Select(key => key.GetString()!)] : [],
            PatchMergeKey = Text(schema, "x-kubernetes-patch-merge-key"),
            IsPatchMerged = strategies.Contains("merge"),
            RetainsKeys = strategies.Contains("retainKeys"),
        };
    }

    private static string? Format(JsonElement schema) => Text(schema, "format");

    private static string? Text(JsonElement schema, string property) => schema.TryGetProperty(property, out var text) ? text.GetString() : null;
}
