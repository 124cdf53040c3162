using System.Text.Json.Nodes;

namespace ControlPlane.Api.Documents;

/// <summary>The stored bytes: canonical compact UTF-8 JSON that starts <c>{"apiVersion":…,"kind":…,"metadata":{</c> and holds no resourceVersion.</summary>
public static class StoredForm
{
    /// <summary>Encodes a clean document; <c>metadata.resourceVersion</c> is left out.</summary>
    public static byte[] Encode(JsonObject document) => throw new NotImplementedException();

    /// <summary>The bytes clients read: the stored bytes with <c>"resourceVersion":"n"</c> written into metadata. No parse.</summary>
    public static byte[] WithResourceVersion(ReadOnlySpan<byte> stored, long resourceVersion) => throw new NotImplementedException();
}
