using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.Api.Documents;

/// <summary>The stored bytes: canonical compact UTF-8 JSON that starts <c>{"apiVersion":…,"kind":…,"metadata":{</c> and holds no resourceVersion.</summary>
/// <example><code>
/// stored:     {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}
/// revision 7: {"apiVersion":"v1","kind":"ConfigMap","metadata":{"resourceVersion":"7","name":"a"},"data":{"k":"v"}}
/// </code></example>
public static class StoredForm
{
    // Escapes only what JSON demands: the bytes go to API clients, never into a web page, and "<" as six characters helps nobody.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Encodes a clean document; <c>metadata.resourceVersion</c> is left out.</summary>
    public static byte[] Encode(JsonObject document)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            Write(writer, "apiVersion", document["apiVersion"]);
            Write(writer, "kind", document["kind"]);
            writer.WriteStartObject("metadata");
            if (document["metadata"] is JsonObject metadata) WriteAllBut(writer, metadata, "resourceVersion");
            writer.WriteEndObject();
            foreach (var (name, value) in document)
            {
                if (name is not ("apiVersion" or "kind" or "metadata")) Write(writer, name, value);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The bytes clients read: the stored bytes with <c>"resourceVersion":"n"</c> written into metadata. No parse.</summary>
    public static byte[] WithResourceVersion(ReadOnlySpan<byte> stored, long resourceVersion)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(resourceVersion, digits, out var digitCount);
        // The first match is the member itself: inside a string before it, the quotes would be escaped.
        var start = stored.IndexOf("\"metadata\":{"u8);
        Invariant.That(start >= 0);
        var at = start + "\"metadata\":{"u8.Length;
        var isEmpty = stored[at] == (byte)'}';
        var member = "\"resourceVersion\":\""u8;
        var tail = isEmpty ? "\""u8 : "\","u8;
        var bytes = new byte[stored.Length + member.Length + digitCount + tail.Length];
        var rest = bytes.AsSpan();
        Append(ref rest, stored[..at]);
        Append(ref rest, member);
        Append(ref rest, digits[..digitCount]);
        Append(ref rest, tail);
        Append(ref rest, stored[at..]);
        return bytes;
    }

    private static void Append(ref Span<byte> rest, scoped ReadOnlySpan<byte> part)
    {
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }

    private static void WriteAllBut(Utf8JsonWriter writer, JsonObject values, string except)
    {
        foreach (var (name, value) in values)
        {
            if (name != except) Write(writer, name, value);
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonNode? value)
    {
        writer.WritePropertyName(name);
        if (value is null) writer.WriteNullValue();
        else value.WriteTo(writer);
    }
}
