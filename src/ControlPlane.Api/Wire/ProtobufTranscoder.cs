using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Wire;

/// <summary>Between Kubernetes protobuf (<c>k8s\0</c> + <c>runtime.Unknown</c>) and JSON documents, from the field numbers in <c>protobuf.json</c>.</summary>
public static class ProtobufTranscoder
{
    /// <exception cref="ApiException">400 for what is cut, not this format, or a kind that is not known.</exception>
    public static JsonObject Decode(ReadOnlySpan<byte> body) => throw new NotImplementedException();

    /// <summary>Encodes an object, a list or a Status; null when the kind has no protobuf form (then answer JSON).</summary>
    public static byte[]? TryEncode(JsonObject document) => throw new NotImplementedException();
}
