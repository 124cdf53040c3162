using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Wire;

/// <summary>Between Kubernetes protobuf (<c>k8s\0</c> + <c>runtime.Unknown</c>) and JSON documents, from the field numbers in <c>protobuf.json</c>.</summary>
/// <example>A ConfigMap named "a":
/// <code>
/// 6b 38 73 00                                  "k8s\0"
/// 0a 0f                                        Unknown.typeMeta
///    0a 02 76 31                               apiVersion "v1"
///    12 09 43 6f 6e 66 69 67 4d 61 70          kind "ConfigMap"
/// 12 05                                        Unknown.raw
///    0a 03                                     ConfigMap.metadata
///       0a 01 61                               name "a"
/// 1a 00 22 00                                  contentEncoding "", contentType ""
/// </code></example>
public static class ProtobufTranscoder
{
    /// <summary>The first four bytes of every body.</summary>
    public static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <exception cref="ApiException">400 for what is cut, not this format, or a kind that is not known.</exception>
    public static JsonObject Decode(ReadOnlySpan<byte> body) => new ProtobufDecoder().DecodeEnvelope(body);

    /// <summary>Encodes an object, a list or a Status; null when the kind has no protobuf form (then answer JSON).</summary>
    public static byte[]? TryEncode(JsonObject document)
    {
        var kind = GroupVersionKind.From(TextOf(document, "apiVersion"), TextOf(document, "kind"));
        if (ProtobufCatalog.BuiltIn.Find(kind) is not { } message) return null;
        var encoder = new ProtobufEncoder();
        return encoder.TryEncodeEnvelope(document, message, kind) ? encoder.ToArray() : null;
    }

    private static string TextOf(JsonObject document, string name) => document[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
