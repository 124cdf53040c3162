using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Client.Yaml;

/// <summary>From JSON text, one value or several in a row, to documents. JSON is almost YAML, but its tabs, escapes and long keys are not.</summary>
internal static class JsonComposer
{
    private const int DepthMax = 100;

    /// <exception cref="JsonException">Not JSON; the position is in it.</exception>
    /// <exception cref="ManifestException">JSON with a key set twice.</exception>
    public static List<(JsonNode Root, long Line)> Compose(byte[] utf8, string file)
    {
        var documents = new List<(JsonNode, long)>();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = DepthMax });
        while (reader.Read())
        {
            var start = reader.TokenStartIndex;
            if (Value(ref reader, utf8, file) is { } root) documents.Add((root, PlaceOf(utf8, start).Line));
        }

        return documents;
    }

    private static JsonNode? Value(ref Utf8JsonReader reader, byte[] utf8, string file)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    var (line, column) = PlaceOf(utf8, fields.ContainsKey(key) ? reader.TokenStartIndex : 0);
                    if (fields.ContainsKey(key)) throw new ManifestException(file, line, column, $"key \"{key}\" is set twice in one object", "keep one of the two");
                    reader.Read();
                    fields[key] = Value(ref reader, utf8, file);
                }

                return fields;
            case JsonTokenType.StartArray:
                var items = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Value(ref reader, utf8, file));
                return items;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                if (reader.TryGetInt64(out var whole)) return JsonValue.Create(whole);
                return reader.TryGetUInt64(out var large) ? JsonValue.Create(large) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }

    private static (long Line, long Column) PlaceOf(byte[] utf8, long offset)
    {
        var before = utf8.AsSpan(0, (int)offset);
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1);
    }
}
