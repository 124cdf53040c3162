using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

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
    /// <summary>The patched document, new; <paramref name="document"/> and <paramref name="patch"/> are left alone. All or nothing.
    /// The result is not yet clean: unknown fields of the patch are still in it.</summary>
    /// <exception cref="ApiException">400 or 422, in a real server's words, for a patch that cannot be applied.</exception>
    public static JsonObject Apply(PatchKind kind, JsonObject document, JsonNode? patch, ResourceDescriptor resource) => kind switch
    {
        PatchKind.Json => JsonPatch.Apply(document, patch as JsonArray
            ?? throw ApiErrors.BadRequest("error decoding patch: a JSON patch is a list of operations, such as [{\"op\":\"replace\",\"path\":\"/spec/suspend\",\"value\":true}]")),
        PatchKind.Merge => MergePatch.Apply(document, patch as JsonObject
            ?? throw ApiErrors.BadRequest("error decoding patch: a merge patch is an object, such as {\"spec\":{\"suspend\":true}}")),
        _ => StrategicMergePatch.Apply(document, patch as JsonObject
            ?? throw ApiErrors.BadRequest("error decoding patch: a strategic merge patch is an object, such as {\"spec\":{\"suspend\":true}}"), SchemaCatalog.BuiltIn.Get(resource.SchemaName)),
    };
}
