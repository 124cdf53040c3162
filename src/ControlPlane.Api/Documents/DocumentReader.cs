using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

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
    /// <summary>Parses JSON. Depth at most 100; duplicate keys are reported to <paramref name="duplicates"/> by path, the last one wins.</summary>
    /// <exception cref="ApiException">400 with position and remedy for what is not JSON or not an object.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> utf8, ICollection<string> duplicates) => throw new NotImplementedException();

    /// <summary>Types, prunes and reports: wrong types are refused, unknown and duplicate fields are refused (Strict), warned about (Warn) or dropped (Ignore).</summary>
    /// <param name="document">Changed in place: unknown fields leave, nulls that mean "absent" leave, fields get canonical order (apiVersion, kind, metadata, then as sent).</param>
    /// <param name="warnings">Out: texts for <c>Warning:</c> headers, in a real server's words (<c>unknown field "spec.x"</c>).</param>
    /// <exception cref="ApiException">400, in a real server's words.</exception>
    public static void Clean(JsonObject document, ResourceDescriptor resource, FieldValidation validation, ICollection<string> duplicates, ICollection<string> warnings) =>
        throw new NotImplementedException();
}
