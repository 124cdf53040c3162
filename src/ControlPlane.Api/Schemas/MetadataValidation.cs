using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>The rules of <c>metadata</c>, the same for every kind but for the spelling of names.</summary>
public static class MetadataValidation
{
    /// <summary>Keys and values of all annotations together, in UTF-8 bytes.</summary>
    public const int AnnotationsSizeBytesMax = 256 * 1024;

    private static readonly string[] StandardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

    // What an update may leave out, and then stays as it was.
    private static readonly string[] Kept = ["name", "namespace", "uid", "creationTimestamp", "generation"];
    private static readonly string[] Immutable = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>What is wrong with a name of this resource, or null.</summary>
    public static string? NameProblem(ResourceDescriptor resource, string name) => (resource.Group, resource.Plural) switch
    {
        ("", "namespaces") => ObjectNames.Dns1123LabelProblem(name),
        ("", "services") => ObjectNames.Dns1035LabelProblem(name),
        ("rbac.authorization.k8s.io", _) => ObjectNames.PathSegmentProblem(name),
        _ => ObjectNames.Dns1123SubdomainProblem(name),
    };

    internal static void Validate(JsonObject metadata, ResourceDescriptor resource, FieldErrors errors)
    {
        var generateName = Text(metadata, "generateName");
        // A dash at the end is fine, because letters follow it.
        var prefix = generateName.Length > 1 && generateName.EndsWith('-') ? string.Concat(generateName.AsSpan(0, generateName.Length - 1), "a") : generateName;
        if (prefix.Length > 0 && NameProblem(resource, prefix) is { } prefixProblem) errors.Invalid("metadata.generateName", Quote(generateName), prefixProblem);
        var name = Text(metadata, "name");
        if (name.Length == 0) errors.Required("metadata.name", "name or generateName is required");
        else if (NameProblem(resource, name) is { } nameProblem) errors.Invalid("metadata.name", Quote(name), nameProblem);
        ValidateNamespace(Text(metadata, "namespace"), resource, errors);
        if (JsonNumbers.TryRead(metadata["generation"], out var generation) && generation < 0)
        {
            errors.Invalid("metadata.generation", $"{generation}", "must be greater than or equal to 0");
        }

        ValidateLabels(metadata["labels"] as JsonObject, "metadata.labels", errors);
        ValidateAnnotations(metadata["annotations"] as JsonObject, "metadata.annotations", errors);
        ValidateOwners(metadata["ownerReferences"] as JsonArray, errors);
        ValidateFinalizers(metadata["finalizers"] as JsonArray, errors);
    }

    /// <summary>Labels of an object or of a template.</summary>
    public static void ValidateLabels(JsonObject? labels, string field, FieldErrors errors)
    {
        if (labels is null) return;
        foreach (var (key, node) in labels)
        {
            if (ObjectNames.QualifiedNameProblem(key) is { } keyProblem) errors.Invalid(field, Quote(key), keyProblem);
            var value = node is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : "";
            if (ObjectNames.LabelValueProblem(value) is { } valueProblem) errors.Invalid(field, Quote(value), valueProblem);
        }
    }

    /// <summary>Annotations of an object or of a template.</summary>
    public static void ValidateAnnotations(JsonObject? annotations, string field, FieldErrors errors)
    {
        if (annotations is null) return;
        long sizeBytes = 0;
        foreach (var (key, node) in annotations)
        {
            // Annotation keys may be in any case.
            if (ObjectNames.QualifiedNameProblem(key.ToLowerInvariant()) is { } problem) errors.Invalid(field, Quote(key), problem);
            sizeBytes += Encoding.UTF8.GetByteCount(key);
            if (node is JsonValue value && value.TryGetValue<string>(out var text)) sizeBytes += Encoding.UTF8.GetByteCount(text);
        }

        if (sizeBytes > AnnotationsSizeBytesMax) errors.TooLong(field, AnnotationsSizeBytesMax);
    }

    /// <summary>Before an update is compared: gives <paramref name="updated"/> what the client left out and may not change (name, namespace, uid, creationTimestamp,
    /// generation), and the deletion mark, which no client can take back.</summary>
    public static void CarryOver(JsonObject updated, JsonObject existing)
    {
        if (existing["metadata"] is not JsonObject source) return;
        if (updated["metadata"] is not JsonObject target) updated["metadata"] = target = [];
        foreach (var name in Kept)
        {
            if (target[name] is null && source[name] is { } value) target[name] = value.DeepClone();
        }

        if (source["deletionTimestamp"] is null)
        {
            // Only DELETE sets it.
            target.Remove("deletionTimestamp");
            target.Remove("deletionGracePeriodSeconds");
            return;
        }

        target["deletionTimestamp"] = source["deletionTimestamp"]!.DeepClone();
        if (source["deletionGracePeriodSeconds"] is { } seconds) target["deletionGracePeriodSeconds"] = seconds.DeepClone();
    }

    internal static void ValidateUpdate(JsonObject updated, JsonObject existing, FieldErrors errors)
    {
        if (existing["deletionTimestamp"] is not null)
        {
            var before = Texts(existing, "finalizers");
            var added = Texts(updated, "finalizers").Except(before).ToList();
            if (added.Count > 0)
            {
                errors.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers [{string.Join(", ", added.Select(Quote))}]");
            }
        }

        foreach (var name in Immutable)
        {
            var value = updated[name];
            if (value is null || JsonNode.DeepEquals(value, existing[name])) continue;
            errors.Invalid($"metadata.{name}", value.ToJsonString(), "field is immutable");
        }
    }

    private static void ValidateNamespace(string @namespace, ResourceDescriptor resource, FieldErrors errors)
    {
        if (!resource.IsNamespaced)
        {
            if (@namespace.Length > 0) errors.Forbidden("metadata.namespace", "not allowed on this type");
            return;
        }

        if (@namespace.Length == 0) errors.Required("metadata.namespace");
        else if (ObjectNames.Dns1123LabelProblem(@namespace) is { } problem) errors.Invalid("metadata.namespace", Quote(@namespace), problem);
    }

    private static void ValidateOwners(JsonArray? owners, FieldErrors errors)
    {
        if (owners is null) return;
        string? controller = null;
        foreach (var owner in owners.OfType<JsonObject>())
        {
            const string field = "metadata.ownerReferences";
            var kind = Text(owner, "kind");
            var apiVersion = Text(owner, "apiVersion");
            if (GroupVersionKind.From(apiVersion, kind).Version.Length == 0) errors.Invalid($"{field}.apiVersion", Quote(apiVersion), "version must not be empty");
            if (kind.Length == 0) errors.Invalid($"{field}.kind", Quote(kind), "must not be empty");
            if (Text(owner, "name").Length == 0) errors.Invalid($"{field}.name", "\"\"", "must not be empty");
            if (Text(owner, "uid").Length == 0) errors.Invalid($"{field}.uid", "\"\"", "must not be empty");
            if (kind == "Event" && apiVersion is "v1" or "events.k8s.io/v1") errors.Invalid(field, Quote($"{apiVersion}, Kind={kind}"), $"{apiVersion}, Kind={kind} is disallowed from being an owner");
            if (owner["controller"] is not JsonValue flag || !flag.TryGetValue<bool>(out var isController) || !isController) continue;
            var label = $"{kind}/{Text(owner, "name")}";
            if (controller is not null) errors.Invalid(field, Quote(label), $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {label}");
            controller ??= label;
        }
    }

    private static void ValidateFinalizers(JsonArray? finalizers, FieldErrors errors)
    {
        if (finalizers is null) return;
        var names = finalizers.OfType<JsonValue>().Select(value => value.TryGetValue<string>(out var text) ? text : "").ToList();
        foreach (var name in names)
        {
            if (ObjectNames.QualifiedNameProblem(name) is { } problem) errors.Invalid("metadata.finalizers", Quote(name), problem);
            else if (!name.Contains('/') && !StandardFinalizers.Contains(name)) errors.Invalid("metadata.finalizers", Quote(name), "name is neither a standard finalizer name nor is it fully qualified");
        }

        if (names.Contains("orphan") && names.Contains("foregroundDeletion"))
        {
            errors.Invalid("metadata.finalizers", $"[{string.Join(", ", names.Select(Quote))}]", "foregroundDeletion and orphan cannot be both set");
        }
    }

    private static IEnumerable<string> Texts(JsonObject metadata, string name) =>
        (metadata[name] as JsonArray)?.OfType<JsonValue>().Select(value => value.TryGetValue<string>(out var text) ? text : "") ?? [];

    private static string Text(JsonObject value, string name) => value[name] is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : "";

    private static string Quote(string text) => $"\"{text}\"";
}
