using System.Buffers.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Kinds;

/// <summary>What config maps and secrets share.</summary>
internal static class DataKeys
{
    public const int SizeMaxBytes = 1024 * 1024;

    private const int KeyLengthMax = 253;

    public static string? Problem(string key)
    {
        if (key.Length > KeyLengthMax) return $"must be no more than {KeyLengthMax} bytes";
        if (key is ".") return "must not be '.'";
        if (key is "..") return "must not be '..'";
        if (key.StartsWith("..", StringComparison.Ordinal)) return "must not start with '..'";
        return key.Length > 0 && key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
            ? null
            : "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    }

    public static void Check(string field, string key, FieldErrors errors)
    {
        if (Problem(key) is { } problem) errors.Invalid(field, $"\"{key}\"", problem);
    }

    /// <returns>The decoded size in bytes, 0 when it is not base64.</returns>
    public static int CheckBase64(string field, JsonNode? value, FieldErrors errors)
    {
        var text = value?.ToString() ?? "";
        if (Base64.IsValid(text, out var decodedLength)) return decodedLength;
        errors.Invalid(field, "\"…\"", "must be base64; put plain text under `stringData` of a Secret or `data` of a ConfigMap instead");
        return 0;
    }

    public static void CheckImmutable(JsonObject updated, JsonObject existing, FieldErrors errors, params ReadOnlySpan<string> fields)
    {
        if (existing.Flag("immutable") != true) return;
        const string Detail = "field is immutable when `immutable` is set";
        if (updated.Flag("immutable") != true) errors.Forbidden("immutable", Detail);
        foreach (var field in fields)
        {
            if (!JsonNode.DeepEquals(updated[field], existing[field])) errors.Forbidden(field, Detail);
        }
    }
}
