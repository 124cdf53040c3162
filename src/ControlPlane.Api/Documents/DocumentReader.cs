using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Documents;

/// <summary>What <c>?fieldValidation=</c> asks for.</summary>
public enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>From the bytes of a request to a clean document: parsed with limits, duplicate keys seen, typed against the schema, unknown fields pruned.</summary>
public static class DocumentReader
{
    /// <summary>Deeper documents are refused. No kind needs it, and readers of System.Text.Json stop at 64 unless told otherwise; this leaves room for the list
    /// or event around an object.</summary>
    public const int DepthMax = 60;

    /// <summary>Parses JSON. Depth at most <see cref="DepthMax"/>; duplicate keys are reported to <paramref name="duplicates"/> by path, the last one wins.</summary>
    /// <param name="expectedKind">For the message: what was hoped for, such as <c>Job</c>; null when anything would do.</param>
    /// <exception cref="ApiException">400 with position and remedy for what is not JSON or not an object.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> utf8, ICollection<string> duplicates, string? expectedKind = null) =>
        new JsonDocumentParser(duplicates, expectedKind).ParseObject(utf8);

    /// <summary>As <see cref="Parse"/>, for bodies that need not be objects: JSON patches.</summary>
    /// <exception cref="ApiException">400 with position and remedy for what is not JSON.</exception>
    public static JsonNode? ParseAny(ReadOnlySpan<byte> utf8) => new JsonDocumentParser([], null).ParseAny(utf8);

    /// <summary>Types, prunes and reports: wrong types are refused, unknown and duplicate fields are refused (Strict), warned about (Warn) or dropped (Ignore).</summary>
    /// <param name="document">Changed in place: unknown fields leave, nulls that mean "absent" leave, quantities and times get their canonical spelling,
    /// <c>apiVersion</c> and <c>kind</c> are filled in, and fields get canonical order (apiVersion, kind, metadata, then as sent).</param>
    /// <param name="warnings">Out: texts for <c>Warning:</c> headers, in a real server's words (<c>unknown field "spec.x"</c>).</param>
    /// <exception cref="ApiException">400, in a real server's words.</exception>
    public static void Clean(JsonObject document, ResourceDescriptor resource, FieldValidation validation, ICollection<string> duplicates, ICollection<string> warnings) =>
        Clean(document, resource.Kind, SchemaCatalog.BuiltIn.Get(resource.SchemaName), validation, duplicates, warnings);

    /// <summary>The same for kinds without a resource of their own that travel on subresources and as options: <c>Binding</c>, <c>Scale</c>, <c>DeleteOptions</c>.</summary>
    /// <exception cref="ApiException">400, in a real server's words.</exception>
    public static void Clean(JsonObject document, GroupVersionKind kind, FieldValidation validation, ICollection<string> duplicates, ICollection<string> warnings)
    {
        var catalog = SchemaCatalog.BuiltIn;
        // Option types belong to every group version, so no kind names them in the facts.
        var name = catalog.NameOf(kind) ?? $"io.k8s.apimachinery.pkg.apis.meta.v1.{kind.Kind}";
        if (!catalog.Contains(name)) throw ApiErrors.BadRequest($"no kind \"{kind.Kind}\" is registered for version \"{kind.ApiVersion}\"");
        Clean(document, kind, catalog.Get(name), validation, duplicates, warnings);
    }

    private static void Clean(
        JsonObject document, GroupVersionKind kind, SchemaNode schema, FieldValidation validation, ICollection<string> duplicates, ICollection<string> warnings)
    {
        RequireKind(document, kind);
        var cleaner = new DocumentCleaner(kind);
        cleaner.Clean(document, schema);
        PutFirst(document, kind);
        Report(cleaner, kind, validation, duplicates, warnings);
    }

    private static void Report(DocumentCleaner cleaner, GroupVersionKind kind, FieldValidation validation, ICollection<string> duplicates, ICollection<string> warnings)
    {
        if (validation == FieldValidation.Ignore || (cleaner.Unknown.Count == 0 && duplicates.Count == 0)) return;
        var duplicateTexts = duplicates.Distinct().Select(path => $"duplicate field \"{path}\"");
        if (validation == FieldValidation.Warn)
        {
            foreach (var text in duplicateTexts.Concat(cleaner.Unknown.Select(unknown => unknown.Text))) warnings.Add(text);
            return;
        }

        var texts = duplicateTexts.Concat(cleaner.Unknown.Select(unknown => unknown.TextWithRemedy));
        throw ApiErrors.BadRequest($"{DocumentCleaner.CannotBeHandled(kind)}: strict decoding error: {string.Join(", ", texts)}");
    }

    private static void RequireKind(JsonObject document, GroupVersionKind expected)
    {
        var apiVersion = TextOrEmpty(document, "apiVersion", expected);
        var kind = TextOrEmpty(document, "kind", expected);
        if ((apiVersion.Length == 0 || apiVersion == expected.ApiVersion) && (kind.Length == 0 || kind == expected.Kind)) return;
        var sent = GroupVersionKind.From(apiVersion, kind);
        throw ApiErrors.BadRequest($"{(kind.Length == 0 ? expected.Kind : kind)} in version \"{(apiVersion.Length == 0 ? expected.Version : sent.Version)}\" cannot be handled as a {expected.Kind}:"
            + $" this path takes apiVersion \"{expected.ApiVersion}\", kind \"{expected.Kind}\", and got apiVersion \"{apiVersion}\", kind \"{kind}\"");
    }

    private static string TextOrEmpty(JsonObject document, string name, GroupVersionKind expected)
    {
        if (document[name] is not { } node) return "";
        return node is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {expected.Kind}): couldn't get version/kind; {name} must be a string, such as \"{(name == "kind" ? expected.Kind : expected.ApiVersion)}\"");
    }

    private static void PutFirst(JsonObject document, GroupVersionKind kind)
    {
        document.TryAdd("apiVersion", kind.ApiVersion);
        document.TryAdd("kind", kind.Kind);
        if (string.IsNullOrEmpty((string?)document["apiVersion"])) document["apiVersion"] = kind.ApiVersion;
        if (string.IsNullOrEmpty((string?)document["kind"])) document["kind"] = kind.Kind;
        MoveTo(document, "apiVersion", 0);
        MoveTo(document, "kind", 1);
        if (document.ContainsKey("metadata")) MoveTo(document, "metadata", 2);
    }

    private static void MoveTo(JsonObject document, string name, int index)
    {
        var from = document.IndexOf(name);
        if (from == index) return;
        var node = document[name];
        document.RemoveAt(from);
        document.Insert(index, name, node);
    }
}
