using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;

namespace ControlPlane.Api.Kinds;

/// <summary>Checks that many kinds make, in a real server's words.</summary>
internal static class Checks
{
    public static void NotNegative(JsonNode? node, string field, string path, FieldErrors errors)
    {
        if (node.Number(field) is < 0 and { } number) errors.Invalid(Join(path, field), $"{number}", "must be greater than or equal to 0");
    }

    /// <summary>A number between bounds; absent is fine.</summary>
    public static void Between(JsonNode? node, string field, string path, long min, long max, FieldErrors errors)
    {
        if (node.Number(field) is { } number && (number < min || number > max)) errors.Invalid(Join(path, field), $"{number}", $"must be between {min} and {max}, inclusive");
    }

    /// <summary>A text of a closed set; absent is fine.</summary>
    public static void OneOf(JsonNode? node, string field, string path, FieldErrors errors, params ReadOnlySpan<string> supported)
    {
        if (node.Text(field) is not { } text) return;
        if (!supported.Contains(text)) errors.NotSupported(Join(path, field), text, supported);
    }

    public static void Port(JsonNode? node, string field, string path, FieldErrors errors) => Between(node, field, path, 1, 65535, errors);

    public static string Join(string path, string field) => path.Length == 0 ? field : $"{path}.{field}";
}
