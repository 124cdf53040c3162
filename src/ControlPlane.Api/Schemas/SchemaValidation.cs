using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>What every kind shares: metadata (names, labels, annotations, owner references, finalizers, and the labels of pod templates), required text and lists.</summary>
/// <remarks>A required number, flag, time or object is left to the kind's own rules: a real server reads an absent one as zero, and only the kind knows
/// whether zero is wrong. Types and quantities were checked when the document was cleaned.</remarks>
public static class SchemaValidation
{
    /// <summary>Adds what is wrong with metadata and with everything the schema knows. The kind's own rules come after.</summary>
    /// <param name="document">Clean and defaulted, its name generated and its namespace filled in.</param>
    public static void Validate(JsonObject document, ResourceDescriptor resource, FieldErrors errors)
    {
        MetadataValidation.Validate(document["metadata"] as JsonObject ?? [], resource, errors);
        new RequiredFields(errors).Check(document, SchemaCatalog.BuiltIn.Get(resource.SchemaName));
    }

    /// <summary>Immutable metadata: uid, creationTimestamp, namespace, name, deletionTimestamp; no new finalizers while being deleted.</summary>
    /// <param name="updated">After <see cref="MetadataValidation.CarryOver"/> or with the client's own values: an absent value counts as unchanged.</param>
    public static void ValidateUpdate(JsonObject updated, JsonObject existing, ResourceDescriptor resource, FieldErrors errors) =>
        MetadataValidation.ValidateUpdate(updated["metadata"] as JsonObject ?? [], existing["metadata"] as JsonObject ?? [], errors);

    /// <summary>Walks a document beside its schema and asks for required fields.</summary>
    private sealed class RequiredFields(FieldErrors errors)
    {
        private const string PodTemplate = "io.k8s.api.core.v1.PodTemplateSpec";

        private readonly FieldPath _path = new();

        public void Check(JsonObject value, SchemaNode schema)
        {
            foreach (var field in schema.OrderedFields)
            {
                var node = value[field.Name];
                if (node is null && !field.IsRequired) continue;
                // Status is written by components and is read as it comes; metadata has rules of its own.
                if (_path.Depth == 0 && field.Name is "status" or "metadata") continue;
                _path.Push(field.Name);
                if (field.IsRequired && IsMissing(node, field.Node.Type)) errors.Required(_path.ToString());
                else if (node is not null) Descend(node, field.Node);
                _path.Pop();
            }
        }

        private void Descend(JsonNode node, SchemaNode schema)
        {
            switch (schema.Type)
            {
                case SchemaType.Object when node is JsonObject value:
                    if (schema.Name == PodTemplate) CheckTemplateMetadata(value);
                    Check(value, schema);
                    break;
                case SchemaType.Array when node is JsonArray items && schema.Element!.Node.Type == SchemaType.Object:
                    for (var i = 0; i < items.Count; i++)
                    {
                        if (items[i] is not JsonObject item) continue;
                        _path.Push(i);
                        Check(item, schema.Element.Node);
                        _path.Pop();
                    }

                    break;
                case SchemaType.Map when node is JsonObject entries && schema.Element!.Node.Type == SchemaType.Object:
                    foreach (var (key, entry) in entries)
                    {
                        if (entry is not JsonObject item) continue;
                        _path.PushKey(key);
                        Check(item, schema.Element.Node);
                        _path.Pop();
                    }

                    break;
            }
        }

        // A template's metadata becomes a pod's; the paths leave "metadata" out, as a real server's do.
        private void CheckTemplateMetadata(JsonObject template)
        {
            if (template["metadata"] is not JsonObject metadata) return;
            MetadataValidation.ValidateLabels(metadata["labels"] as JsonObject, $"{_path}.labels", errors);
            MetadataValidation.ValidateAnnotations(metadata["annotations"] as JsonObject, $"{_path}.annotations", errors);
        }

        private static bool IsMissing(JsonNode? node, SchemaType type) => type switch
        {
            SchemaType.String or SchemaType.IntOrString => node is null || (node.GetValueKind() == JsonValueKind.String && node.GetValue<string>().Length == 0),
            SchemaType.Array => node is not JsonArray { Count: > 0 },
            _ => false,
        };
    }
}
