using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>What every kind shares: metadata (names, labels, annotations, owner references, finalizers), required fields, quantities, list-map keys.</summary>
public static class SchemaValidation
{
    /// <summary>Adds what is wrong with metadata and with everything the schema knows. The kind's own rules come after.</summary>
    public static void Validate(JsonObject document, ResourceDescriptor resource, FieldErrors errors) => throw new NotImplementedException();

    /// <summary>Immutable metadata: uid, creationTimestamp, namespace, name, deletionTimestamp; no new finalizers while being deleted.</summary>
    public static void ValidateUpdate(JsonObject updated, JsonObject existing, ResourceDescriptor resource, FieldErrors errors) => throw new NotImplementedException();
}
