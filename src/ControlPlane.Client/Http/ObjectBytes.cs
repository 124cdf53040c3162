using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Http;

/// <summary>Makes objects of the bytes a server sent: only the names in metadata are looked at, the rest is kept as it came.</summary>
internal static class ObjectBytes
{
    /// <param name="json">One JSON object; the result owns the array.</param>
    /// <exception cref="JsonException">Not an object of the API.</exception>
    public static ResourceObject Parse(ResourceDescriptor resource, byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("an object was expected");
        var (hasVersion, hasKind) = (false, false);
        string? name = null, @namespace = null, uid = null;
        long resourceVersion = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            hasVersion |= reader.ValueTextEquals("apiVersion"u8);
            hasKind |= reader.ValueTextEquals("kind"u8);
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            reader.Read();
            if (isMetadata && reader.TokenType == JsonTokenType.StartObject) Metadata(ref reader, ref name, ref @namespace, ref uid, ref resourceVersion);
            else reader.Skip();
        }

        // The items of a list may come without them: the list has said it once.
        if (!hasVersion || !hasKind) json = WithKind(resource.Kind, json, hasVersion, hasKind);
        return new(resource, resource.IsNamespaced ? @namespace : null, name ?? "", uid ?? "", resourceVersion, json);
    }

    /// <summary>The number in a resourceVersion; 0 when it is none (another server may use other words).</summary>
    public static long Revision(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out long revision, out var length) && length == text.Length ? revision : 0;

    private static void Metadata(ref Utf8JsonReader reader, ref string? name, ref string? @namespace, ref string? uid, ref long resourceVersion)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8)) name = Text(ref reader);
            else if (reader.ValueTextEquals("namespace"u8)) @namespace = Text(ref reader);
            else if (reader.ValueTextEquals("uid"u8)) uid = Text(ref reader);
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String) resourceVersion = Revision(reader.ValueSpan);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
    }

    private static byte[] WithKind(GroupVersionKind kind, byte[] json, bool hasVersion, bool hasKind)
    {
        var start = json.AsSpan().IndexOf((byte)'{') + 1;
        var isEmpty = json.AsSpan(start).TrimStart(" \t\r\n"u8)[0] == (byte)'}';
        var fields = new List<string>(2);
        if (!hasVersion) fields.Add($"\"apiVersion\":\"{kind.ApiVersion}\"");
        if (!hasKind) fields.Add($"\"kind\":\"{kind.Kind}\"");
        return [(byte)'{', .. Encoding.UTF8.GetBytes(string.Join(',', fields)), .. isEmpty ? ""u8 : ","u8, .. json.AsSpan(start)];
    }
}
