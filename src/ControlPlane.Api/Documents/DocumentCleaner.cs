using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Documents;

/// <summary>Walks a document beside its schema: prunes unknown fields, drops nulls, checks types, writes canonical spellings. One use a document.</summary>
internal sealed class DocumentCleaner(GroupVersionKind kind)
{
    private readonly FieldPath _path = new();

    /// <summary>The fields that were pruned, in document order.</summary>
    public List<UnknownField> Unknown { get; } = [];

    /// <summary>The opening of every refusal.</summary>
    public static string CannotBeHandled(GroupVersionKind kind) => $"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}";

    /// <exception cref="ApiException">400: a value of the wrong type.</exception>
    public void Clean(JsonObject document, SchemaNode schema) => CleanObject(document, schema);

    // The value to keep in place of the node; the same node where nothing changes.
    private JsonNode CleanValue(JsonNode node, SchemaNode schema)
    {
        switch (schema.Type)
        {
            case SchemaType.Object:
                CleanObject(node as JsonObject ?? throw WrongType(node, "object"), schema);
                return node;
            case SchemaType.Map:
                CleanMap(node as JsonObject ?? throw WrongType(node, "map"), schema);
                return node;
            case SchemaType.Array:
                CleanArray(node as JsonArray ?? throw WrongType(node, "array"), schema);
                return node;
            case SchemaType.FreeObject:
                return node is JsonObject ? node : throw WrongType(node, "object");
            case SchemaType.Any:
                return node;
            default:
                return CleanScalar(node, schema);
        }
    }

    private void CleanObject(JsonObject value, SchemaNode schema)
    {
        for (var i = 0; i < value.Count; i++)
        {
            var (name, node) = value.GetAt(i);
            if (!schema.Fields.TryGetValue(name, out var field))
            {
                _path.Push(name);
                Unknown.Add(new(_path.ToString(), Nearest.To(name, schema.Fields.Keys)));
                _path.Pop();
                value.RemoveAt(i--);
                continue;
            }

            // Null means absent.
            if (node is null)
            {
                value.RemoveAt(i--);
                continue;
            }

            _path.Push(name);
            var kept = CleanValue(node, field.Node);
            if (!ReferenceEquals(kept, node)) value.SetAt(i, kept);
            _path.Pop();
        }
    }

    private void CleanMap(JsonObject value, SchemaNode schema)
    {
        var element = schema.Element!.Node;
        for (var i = 0; i < value.Count; i++)
        {
            var (key, node) = value.GetAt(i);
            _path.PushKey(key);
            var kept = node is null ? ZeroOf(element) : CleanValue(node, element);
            if (!ReferenceEquals(kept, node)) value.SetAt(i, kept);
            _path.Pop();
        }
    }

    private void CleanArray(JsonArray value, SchemaNode schema)
    {
        var element = schema.Element!.Node;
        for (var i = 0; i < value.Count; i++)
        {
            var node = value[i];
            _path.Push(i);
            var kept = node is null ? ZeroOf(element) : CleanValue(node, element);
            if (!ReferenceEquals(kept, node)) value[i] = kept;
            _path.Pop();
        }
    }

    private JsonNode CleanScalar(JsonNode node, SchemaNode schema)
    {
        var value = node as JsonValue;
        var given = value?.GetValueKind();
        switch (schema.Type)
        {
            case SchemaType.String:
                return given == JsonValueKind.String ? node : throw WrongType(node, "string");
            case SchemaType.Boolean:
                return given is JsonValueKind.True or JsonValueKind.False ? node : throw WrongType(node, "bool");
            case SchemaType.Double:
                return given == JsonValueKind.Number ? node : throw WrongType(node, "float64");
            case SchemaType.Int32:
                return given == JsonValueKind.Number && JsonNumbers.TryRead(value, out var small) && small is >= int.MinValue and <= int.MaxValue ? node : throw WrongType(node, "int32");
            case SchemaType.Int64:
                return given == JsonValueKind.Number && JsonNumbers.TryRead(value, out _) ? node : throw WrongType(node, "int64");
            case SchemaType.IntOrString:
                if (given == JsonValueKind.String) return node;
                return given == JsonValueKind.Number && JsonNumbers.TryRead(value, out var number) && number is >= int.MinValue and <= int.MaxValue ? node : throw WrongType(node, "int32 or string");
            case SchemaType.Bytes:
                return CleanBytes(given == JsonValueKind.String ? value! : throw WrongType(node, "base64 text"));
            case SchemaType.Time:
            case SchemaType.MicroTime:
                return CleanTime(given == JsonValueKind.String ? value! : throw WrongType(node, "time"), schema.Type == SchemaType.MicroTime);
            default:
                Invariant.That(schema.Type == SchemaType.Quantity);
                return CleanQuantity(given is JsonValueKind.String or JsonValueKind.Number ? value! : throw WrongType(node, "quantity"), given.Value);
        }
    }

    private JsonValue CleanBytes(JsonValue value)
    {
        var text = value.GetValue<string>();
        if (!System.Buffers.Text.Base64.IsValid(text)) throw Refuse($"illegal base64 data in field {_path}: encode the bytes with base64, or use a field that takes text");
        return text.AsSpan().ContainsAny(" \t\r\n") ? JsonValue.Create(string.Concat(text.Split(' ', '\t', '\r', '\n'))) : value;
    }

    private JsonValue CleanTime(JsonValue value, bool isMicro)
    {
        var text = value.GetValue<string>();
        if (!Timestamps.TryParse(text, out var time)) throw Refuse($"parsing time \"{text}\" as \"{Timestamps.Example(isMicro)}\" in field {_path}: write it in that form (RFC 3339)");
        var canonical = isMicro ? Timestamps.FormatMicro(time) : Timestamps.Format(time);
        return canonical == text ? value : JsonValue.Create(canonical);
    }

    private JsonValue CleanQuantity(JsonValue value, JsonValueKind given)
    {
        var text = given == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        if (QuantityText.Read(text.AsSpan().Trim(), out var quantity) is { } problem) throw Refuse($"{problem}: {_path} is \"{text}\", write for instance \"500m\", \"2\" or \"1.5Gi\"");
        var canonical = quantity.ToString();
        return given == JsonValueKind.String && canonical == text ? value : JsonValue.Create(canonical);
    }

    private static JsonNode? ZeroOf(SchemaNode schema) => schema.Type switch
    {
        SchemaType.Object or SchemaType.Map or SchemaType.FreeObject => new JsonObject(),
        SchemaType.Array => new JsonArray(),
        SchemaType.Int32 or SchemaType.Int64 or SchemaType.Double or SchemaType.IntOrString => JsonNumbers.Create(0),
        SchemaType.Boolean => JsonValue.Create(false),
        SchemaType.Quantity => JsonValue.Create("0"),
        SchemaType.String or SchemaType.Bytes => JsonValue.Create(""),
        _ => null,
    };

    private ApiException WrongType(JsonNode node, string wanted)
    {
        var (given, shown) = node switch
        {
            JsonObject => ("object", ""),
            JsonArray => ("array", ""),
            _ => node.GetValueKind() switch
            {
                JsonValueKind.String => ("string", $": {Shorten(node.ToJsonString())} is not {Noun(wanted)}"),
                JsonValueKind.Number => ($"number {node.ToJsonString()}", ""),
                _ => ("bool", ""),
            },
        };
        return Refuse($"json: cannot unmarshal {given} into field {_path} of type {wanted}{shown}");
    }

    private static string Noun(string wanted) => wanted switch
    {
        "int32" or "int64" => "a whole number; write it without quotes",
        "bool" => "true or false; write it without quotes",
        "float64" => "a number; write it without quotes",
        "array" => "a list",
        _ => $"of type {wanted}",
    };

    private static string Shorten(string text) => text.Length <= 60 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 60)}…\"");

    private ApiException Refuse(string problem) => ApiErrors.BadRequest($"{CannotBeHandled(kind)}: {problem}");
}

/// <summary>A field that no schema knows.</summary>
/// <param name="Nearest">A known field beside it that may have been meant, or null.</param>
internal sealed record UnknownField(string Path, string? Nearest)
{
    public string Text => $"unknown field \"{Path}\"";

    public string TextWithRemedy => Nearest is null ? Text : $"{Text} (did you mean \"{Nearest}\"?)";
}
