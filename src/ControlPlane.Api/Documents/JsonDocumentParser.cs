using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Documents;

/// <summary>JSON text to nodes in one pass, noting duplicate keys; refusals say line, column and what was expected.</summary>
internal sealed class JsonDocumentParser(ICollection<string> duplicates, string? expectedKind)
{
    // Room in a message for the text it is about.
    private const int ExcerptLengthMax = 80;

    private readonly FieldPath _path = new();

    public JsonObject ParseObject(ReadOnlySpan<byte> utf8)
    {
        var node = ParseAny(utf8);
        if (node is JsonObject document) return document;
        throw Refuse($"json: cannot unmarshal {Describe(node)} into an object: send one object, starting with '{{'");
    }

    public JsonNode? ParseAny(ReadOnlySpan<byte> utf8)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DocumentReader.DepthMax });
        try
        {
            reader.Read();
            var node = Node(ref reader);
            // Reads over white space; anything else throws.
            reader.Read();
            return node;
        }
        catch (JsonException error)
        {
            throw Refuse($"json parse error: {Reason(error, utf8, reader.CurrentDepth)}{Place(error)}{Excerpt(utf8)}");
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that a string is not text.
            throw Refuse($"json parse error: a string near byte {reader.TokenStartIndex} is not valid UTF-8 or has half a surrogate pair");
        }
    }

    private JsonNode? Node(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return Object(ref reader);
            case JsonTokenType.StartArray:
                return Array(ref reader);
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString()!);
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            case JsonTokenType.Null:
                return null;
            default:
                if (reader.TryGetInt64(out var number)) return JsonNumbers.Create(number);
                // Kept with its digits, so that a refusal can show them and a free-form field loses nothing.
                return JsonValue.Create(JsonElement.ParseValue(ref reader));
        }
    }

    private JsonObject Object(ref Utf8JsonReader reader)
    {
        var result = new JsonObject();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            _path.Push(name);
            var value = Node(ref reader);
            if (!result.TryAdd(name, value))
            {
                duplicates.Add(_path.ToString());
                result[name] = value;
            }

            _path.Pop();
        }

        return result;
    }

    private JsonArray Array(ref Utf8JsonReader reader)
    {
        var result = new JsonArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _path.Push(result.Count);
            result.Add(Node(ref reader));
            _path.Pop();
        }

        return result;
    }

    private ApiException Refuse(string problem) => ApiErrors.BadRequest(expectedKind is null
        ? $"the object provided is unrecognized: {problem}"
        : $"the object provided is unrecognized (must be of type {expectedKind}): couldn't get version/kind; {problem}");

    private static string Reason(JsonException error, ReadOnlySpan<byte> utf8, int depth)
    {
        if (depth >= DocumentReader.DepthMax) return $"nested more than {DocumentReader.DepthMax} levels deep";
        if (Offset(error, utf8) >= utf8.TrimEnd(" \t\r\n"u8).Length) return "unexpected end of JSON input";
        // The reader's message ends with the place, which is said in our own way.
        var place = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (place < 0 ? error.Message : error.Message[..place]).TrimEnd('.');
    }

    private static string Place(JsonException error) => $" at line {(error.LineNumber ?? 0) + 1}, column {(error.BytePositionInLine ?? 0) + 1}";

    private static long Offset(JsonException error, ReadOnlySpan<byte> utf8)
    {
        var lineStart = 0;
        for (var line = error.LineNumber ?? 0; line > 0; line--) lineStart += utf8[lineStart..].IndexOf((byte)'\n') + 1;
        return lineStart + (error.BytePositionInLine ?? 0);
    }

    private static string Excerpt(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, ExcerptLengthMax)]);
        return utf8.Length > ExcerptLengthMax ? $" ({text}…)" : $" ({text})";
    }

    private static string Describe(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "number",
    };
}
