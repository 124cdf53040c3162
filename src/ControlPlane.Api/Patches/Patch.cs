using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Patches;

public enum PatchKind
{
    /// <summary><c>application/json-patch+json</c>, RFC 6902.</summary>
    Json,

    /// <summary><c>application/merge-patch+json</c>, RFC 7386.</summary>
    Merge,

    /// <summary><c>application/strategic-merge-patch+json</c>.</summary>
    StrategicMerge,
}

/// <summary>Applies any patch to a document.</summary>
public static class Patch
{
    /// <summary>The patched document, new; <paramref name="document"/> and <paramref name="patch"/> are left alone. All or nothing.</summary>
    /// <exception cref="ApiException">400 or 422, in a real server's words, for a patch that cannot be applied.</exception>
    public static JsonObject Apply(PatchKind kind, JsonObject document, JsonNode patch, ResourceDescriptor resource) => throw new NotImplementedException();
}
