using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class ConfigMapRules : KindRules
{
    public override void Validate(JsonObject document, FieldErrors errors)
    {
        long sizeBytes = 0;
        if (document.Object("data") is { } data)
        {
            foreach (var (key, value) in data)
            {
                DataKeys.Check($"data[{key}]", key, errors);
                if (document.Object("binaryData")?.ContainsKey(key) == true) errors.Invalid($"data[{key}]", $"\"{key}\"", "duplicate of key present in binaryData");
                sizeBytes += Encoding.UTF8.GetByteCount(value?.ToString() ?? "");
            }
        }

        if (document.Object("binaryData") is { } binary)
        {
            foreach (var (key, value) in binary)
            {
                DataKeys.Check($"binaryData[{key}]", key, errors);
                sizeBytes += DataKeys.CheckBase64($"binaryData[{key}]", value, errors);
            }
        }

        // A real server names the field so.
        if (sizeBytes > DataKeys.SizeMaxBytes) errors.TooLong("[]", DataKeys.SizeMaxBytes);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors) =>
        DataKeys.CheckImmutable(updated, existing, errors, "data", "binaryData");

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
        [Cell.Name(document), document.Count("data") + document.Count("binaryData"), Cell.Age(document, now)];
}
