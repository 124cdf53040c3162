using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class SecretRules : KindRules
{
    public override ImmutableArray<string> SelectableFields => ["type"];

    public override void Default(JsonObject document)
    {
        document.DefaultText("type", "Opaque");
        if (document.Object("stringData") is not { } plain) return;

        // stringData is for writing only: it wins over data and is never stored.
        document.Remove("stringData");
        if (plain.Count == 0) return;
        var data = document.ObjectOrNew("data");
        foreach (var (key, value) in plain) data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value?.ToString() ?? ""));
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        long sizeBytes = 0;
        var data = document.Object("data") ?? [];
        foreach (var (key, value) in data)
        {
            DataKeys.Check($"data[{key}]", key, errors);
            sizeBytes += DataKeys.CheckBase64($"data[{key}]", value, errors);
        }

        if (sizeBytes > DataKeys.SizeMaxBytes) errors.TooLong("data", DataKeys.SizeMaxBytes);
        CheckType(document, data, errors);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        if (updated.Text("type") != existing.Text("type")) errors.Invalid("type", Fields.Show(updated["type"]), "field is immutable");
        DataKeys.CheckImmutable(updated, existing, errors, "data");
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
        [Cell.Name(document), document.Text("type") ?? "", document.Count("data"), Cell.Age(document, now)];

    private static void CheckType(JsonObject document, JsonObject data, FieldErrors errors)
    {
        switch (document.Text("type"))
        {
            case "kubernetes.io/service-account-token":
                if (!document.TryGetText(out _, "metadata", "annotations", "kubernetes.io/service-account.name"))
                {
                    errors.Required("metadata.annotations[kubernetes.io/service-account.name]");
                }

                break;
            case "kubernetes.io/dockercfg":
                RequireJson(data, ".dockercfg", errors);
                break;
            case "kubernetes.io/dockerconfigjson":
                RequireJson(data, ".dockerconfigjson", errors);
                break;
            case "kubernetes.io/basic-auth":
                if (!data.Has("username") && !data.Has("password"))
                {
                    errors.Required("data[username]");
                    errors.Required("data[password]");
                }

                break;
            case "kubernetes.io/ssh-auth":
                Require(data, "ssh-privatekey", errors);
                break;
            case "kubernetes.io/tls":
                Require(data, "tls.crt", errors);
                Require(data, "tls.key", errors);
                break;
        }
    }

    private static bool Require(JsonObject data, string key, FieldErrors errors)
    {
        if (data.Has(key)) return true;
        errors.Required($"data[{key}]");
        return false;
    }

    private static void RequireJson(JsonObject data, string key, FieldErrors errors)
    {
        if (!Require(data, key, errors)) return;
        try
        {
            using var document = JsonDocument.Parse(Convert.FromBase64String(data[key]!.ToString()));
        }
        catch (Exception refused) when (refused is JsonException or FormatException)
        {
            errors.Invalid($"data[{key}]", "\"<secret contents redacted>\"", "must be the JSON of a docker configuration");
        }
    }
}
