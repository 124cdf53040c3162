using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>The steps that every write shares, on mutable documents.</summary>
internal static class Documents
{
    // etcd's limit, so that what fits here fits there and back.
    private const int StoredSizeMax = 1536 * 1024;

    public static string Text(this JsonObject? document, string name) =>
        document is not null && document[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    public static long? Number(this JsonObject? document, string name)
    {
        if (document?[name] is not JsonValue value) return null;
        if (value.TryGetValue<long>(out var number)) return number;
        return value.TryGetValue<int>(out var small) ? small : null;
    }

    public static JsonObject? Child(this JsonObject? document, string name) => document?[name] as JsonObject;

    /// <summary>The metadata of a document; made when absent.</summary>
    public static JsonObject Metadata(this JsonObject document)
    {
        if (document["metadata"] is JsonObject metadata) return metadata;
        metadata = [];
        document["metadata"] = metadata;
        return metadata;
    }

    /// <summary>The texts of a list such as <c>metadata.finalizers</c>.</summary>
    public static List<string> Texts(this JsonObject? document, string name)
    {
        var texts = new List<string>();
        foreach (var item in document?[name] as JsonArray ?? [])
        {
            if (item is JsonValue value && value.TryGetValue<string>(out var text)) texts.Add(text);
        }

        return texts;
    }

    /// <summary>Sets or, when empty, removes a list of texts.</summary>
    public static void SetTexts(this JsonObject document, string name, IReadOnlyCollection<string> texts)
    {
        if (texts.Count == 0) document.Remove(name);
        else document[name] = new JsonArray([.. texts.Select(text => (JsonNode)text)]);
    }

    /// <summary>Fills in or checks <c>apiVersion</c> and <c>kind</c>.</summary>
    /// <exception cref="ApiException">400 when the document is of another kind.</exception>
    public static void RequireKind(JsonObject document, GroupVersionKind expected)
    {
        var kind = document.Text("kind");
        var apiVersion = document.Text("apiVersion");
        if (kind.Length == 0) document["kind"] = expected.Kind;
        if (apiVersion.Length == 0) document["apiVersion"] = expected.ApiVersion;
        if ((kind.Length == 0 || kind == expected.Kind) && (apiVersion.Length == 0 || apiVersion == expected.ApiVersion)) return;
        var given = GroupVersionKind.From(apiVersion.Length == 0 ? expected.ApiVersion : apiVersion, kind.Length == 0 ? expected.Kind : kind);
        throw ApiErrors.BadRequest($"{given.Kind} in version \"{given.Version}\" cannot be handled as a {expected.Kind}: the request is for {expected}, the body is {given}");
    }

    /// <summary>Makes the document's namespace that of the request.</summary>
    /// <exception cref="ApiException">400 when they differ.</exception>
    public static void RequireNamespace(JsonObject document, ResourceDescriptor resource, string? @namespace)
    {
        var metadata = document.Metadata();
        var given = metadata.Text("namespace");
        if (!resource.IsNamespaced)
        {
            metadata.Remove("namespace");
            return;
        }

        if (given.Length > 0 && given != @namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        metadata["namespace"] = @namespace;
    }

    /// <summary>Types, prunes, and fills in defaults.</summary>
    public static void Clean(JsonObject document, ResourceDescriptor resource, WriteRequest request)
    {
        DocumentReader.Clean(document, resource, request.Validation, [.. request.DuplicateKeys], request.Warnings);
        KindRules.For(resource).Default(document);
    }

    /// <exception cref="ApiException">422 with everything that is wrong.</exception>
    public static void Validate(JsonObject document, ResourceDescriptor resource)
    {
        var errors = new FieldErrors();
        SchemaValidation.Validate(document, resource, errors);
        KindRules.For(resource).Validate(document, errors);
        ThrowIfAny(errors, document, resource);
    }

    /// <exception cref="ApiException">422 with everything that is wrong.</exception>
    public static void ValidateUpdate(JsonObject updated, JsonObject existing, ResourceDescriptor resource, string? subresource)
    {
        var errors = new FieldErrors();
        SchemaValidation.Validate(updated, resource, errors);
        SchemaValidation.ValidateUpdate(updated, existing, resource, errors);
        var rules = KindRules.For(resource);
        rules.Validate(updated, errors);
        rules.ValidateUpdate(updated, existing, subresource, errors);
        ThrowIfAny(errors, updated, resource);
    }

    /// <summary>The bytes to store.</summary>
    /// <exception cref="ApiException">413 for an object that is too large.</exception>
    public static byte[] Encode(JsonObject document, ResourceDescriptor resource)
    {
        var bytes = StoredForm.Encode(document);
        if (bytes.Length <= StoredSizeMax) return bytes;
        throw ApiErrors.TooLarge(
            $"{resource.Kind.Kind} \"{document.Metadata().Text("name")}\" is too large: {bytes.Length} bytes as stored, the limit is {StoredSizeMax}; split it up, or keep bulk data elsewhere");
    }

    /// <summary>The answer to a write: the bytes that were or would be stored, at a revision.</summary>
    public static ResourceObject ToObject(JsonObject document, byte[] stored, ResourceDescriptor resource, long revision)
    {
        var metadata = document.Metadata();
        var json = revision > 0 ? StoredForm.WithResourceVersion(stored, revision) : stored;
        return new ResourceObject(resource, resource.IsNamespaced ? metadata.Text("namespace") : null, metadata.Text("name"), metadata.Text("uid"), revision, json);
    }

    /// <summary>A resourceVersion as a number.</summary>
    public static bool TryParseRevision([NotNullWhen(true)] string? text, out long revision)
    {
        revision = 0;
        return text is not null && long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out revision);
    }

    private static void ThrowIfAny(FieldErrors errors, JsonObject document, ResourceDescriptor resource)
    {
        if (errors.Any) throw ApiErrors.Invalid(resource.Kind, document.Metadata().Text("name"), errors);
    }
}
