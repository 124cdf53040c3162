using System.Text.Json.Nodes;
using ControlPlane.Api.Wire;

namespace ControlPlane.Api.Schemas;

/// <summary>The protobuf form of an OpenAPI v2 document, message <c>openapi.v2.Document</c>: the fields that our documents have.</summary>
internal static class OpenApiProtobuf
{
    public static byte[] Encode(JsonObject document)
    {
        var writer = new ProtobufWriter();
        writer.Text(1, Text(document, "swagger"));
        writer.Message(2, info => info.Text(1, Text((JsonObject)document["info"]!, "title")).Text(2, Text((JsonObject)document["info"]!, "version")));
        writer.Message(8, paths => WriteNamed(paths, 2, document["paths"], WritePathItem));
        writer.Message(9, definitions => WriteNamed(definitions, 1, document["definitions"], WriteSchema));
        return writer.Written.ToArray();
    }

    private static void WriteNamed(ProtobufWriter writer, int field, JsonNode? members, Action<ProtobufWriter, JsonObject> write)
    {
        if (members is not JsonObject named) return;
        foreach (var (name, value) in named)
        {
            writer.Message(field, pair => pair.Text(1, name).Message(2, inner => write(inner, (JsonObject)value!)));
        }
    }

    private static void WritePathItem(ProtobufWriter writer, JsonObject item)
    {
        foreach (var (method, field) in new[] { ("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("patch", 8) })
        {
            if (item[method] is JsonObject operation) writer.Message(field, inner => WriteOperation(inner, operation));
        }

        WriteParameters(writer, 9, item["parameters"]);
    }

    private static void WriteOperation(ProtobufWriter writer, JsonObject operation)
    {
        writer.Text(5, Text(operation, "operationId"));
        WriteTexts(writer, 6, operation["produces"]);
        WriteTexts(writer, 7, operation["consumes"]);
        WriteParameters(writer, 8, operation["parameters"]);
        writer.Message(9, responses => WriteNamed(responses, 1, operation["responses"], WriteResponse));
        WriteTexts(writer, 10, operation["schemes"]);
        WriteExtensions(writer, 13, operation);
    }

    private static void WriteResponse(ProtobufWriter writer, JsonObject response) => writer.Message(1, inner =>
    {
        inner.Text(1, Text(response, "description"));
        if (response["schema"] is JsonObject schema) inner.Message(2, item => item.Message(1, target => WriteSchema(target, schema)));
    });

    private static void WriteParameters(ProtobufWriter writer, int field, JsonNode? parameters)
    {
        if (parameters is not JsonArray list) return;
        foreach (var parameter in list.OfType<JsonObject>()) writer.Message(field, item => item.Message(1, inner => WriteParameter(inner, parameter)));
    }

    private static void WriteParameter(ProtobufWriter writer, JsonObject parameter)
    {
        var isRequired = parameter["required"]?.GetValue<bool>() == true;
        var (name, place, type) = (Text(parameter, "name"), Text(parameter, "in"), Text(parameter, "type"));
        switch (place)
        {
            case "body":
                writer.Message(1, body => body.Text(2, name).Text(3, place).Flag(4, isRequired).Message(5, schema => WriteSchema(schema, (JsonObject)parameter["schema"]!)));
                break;
            case "path":
                writer.Message(2, other => other.Message(4, path => path.Flag(1, isRequired).Text(2, place).Text(4, name).Text(5, type).Flag(19, true)));
                break;
            default:
                writer.Message(2, other => other.Message(3, query => query.Text(2, place).Text(3, Text(parameter, "description")).Text(4, name).Text(6, type).Flag(20, true)));
                break;
        }
    }

    private static void WriteSchema(ProtobufWriter writer, JsonObject schema)
    {
        writer.Text(1, Text(schema, "$ref"));
        writer.Text(2, Text(schema, "format"));
        if (schema["default"] is { } value) writer.Message(5, any => any.Text(2, value.ToJsonString()));
        WriteTexts(writer, 19, schema["required"]);
        if (schema["additionalProperties"] is JsonObject element) writer.Message(21, item => item.Message(1, inner => WriteSchema(inner, element)));
        if (Text(schema, "type") is { } type) writer.Message(22, item => item.Text(1, type));
        if (schema["items"] is JsonObject items) writer.Message(23, item => item.Message(1, inner => WriteSchema(inner, items)));
        if (schema["properties"] is JsonObject properties) writer.Message(25, inner => WriteNamed(inner, 1, properties, WriteSchema));
        WriteExtensions(writer, 31, schema);
    }

    // Values of extensions travel as YAML text, of which JSON is a part.
    private static void WriteExtensions(ProtobufWriter writer, int field, JsonObject members)
    {
        foreach (var (name, value) in members)
        {
            if (name.StartsWith("x-", StringComparison.Ordinal) && value is not null) writer.Message(field, pair => pair.Text(1, name).Message(2, any => any.Text(2, value.ToJsonString())));
        }
    }

    private static void WriteTexts(ProtobufWriter writer, int field, JsonNode? texts)
    {
        if (texts is not JsonArray list) return;
        foreach (var text in list) writer.Text(field, (string?)text);
    }

    private static string? Text(JsonObject members, string name) => members[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
