using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Quantities;
using ControlPlane.Api.Schemas;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class NodeRules() : KindRules(hasStatus: true)
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    public override ImmutableArray<string> SelectableFields => ["spec.unschedulable"];

    public override string SelectableField(JsonObject document, string path) =>
        path == "spec.unschedulable" ? document.Flag("spec", "unschedulable") == true ? "true" : "false" : base.SelectableField(document, path);

    public override void Default(JsonObject document)
    {
        if (document.Object("status") is not { } status) return;
        if (status.Object("capacity") is { Count: > 0 } capacity && !status.Has("allocatable")) status["allocatable"] = capacity.DeepClone();
    }

    /// <summary>An agent may register its node with status. A node that does not say that it is ready carries the not-ready taint, so that nothing is
    /// placed on a machine that has not reported yet; who says so is taken at its word, which saves a write for each of ten thousand nodes.</summary>
    public override void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        document.ObjectOrNew("metadata").Remove("generation");
        var spec = document.ObjectOrNew("spec");
        if (!IsReady(document)) Taint(spec);
        var status = document.ObjectOrNew("status");
        status.Default("daemonEndpoints", new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = 0 } });
        var info = status.ObjectOrNew("nodeInfo");
        foreach (var field in (ReadOnlySpan<string>)
            ["machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture"])
        {
            info.Default(field, "");
        }
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var seen = new HashSet<(string?, string?)>();
        var i = 0;
        foreach (var taint in document.Items("spec", "taints"))
        {
            var path = $"spec.taints[{i++}]";
            var key = taint.Text("key") ?? "";
            if (key.Length == 0) errors.Required($"{path}.key");
            else if (ObjectNames.QualifiedNameProblem(key) is { } problem) errors.Invalid($"{path}.key", $"\"{key}\"", problem);
            if (taint.Text("value") is { } value && ObjectNames.LabelValueProblem(value) is { } valueProblem) errors.Invalid($"{path}.value", $"\"{value}\"", valueProblem);
            if (!taint.TryGetText(out var effect, "effect")) errors.Required($"{path}.effect");
            else Checks.OneOf(taint, "effect", path, errors, "NoSchedule", "PreferNoSchedule", "NoExecute");
            if (!seen.Add((key, effect))) errors.Duplicate($"{path}", $"\"{key}:{effect}\"");
        }

        CheckQuantities(document, "capacity", errors);
        CheckQuantities(document, "allocatable", errors);
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        if (existing.TryGetText(out var before, "spec", "providerID") && updated.Text("spec", "providerID") != before)
        {
            errors.Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
        }
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var info = document.At("status", "nodeInfo");
        return
        [
            Cell.Name(document),
            Status(document),
            Roles(document),
            Cell.Age(document, now),
            info.Text("kubeletVersion") ?? "",
            Address(document, "InternalIP"),
            Address(document, "ExternalIP"),
            OrUnknown(info.Text("osImage")),
            OrUnknown(info.Text("kernelVersion")),
            OrUnknown(info.Text("containerRuntimeVersion")),
        ];
    }

    private static void Taint(JsonObject spec)
    {
        if (spec["taints"] is not JsonArray taints) spec["taints"] = taints = [];
        if (taints.OfType<JsonObject>().Any(taint => taint.Text("key") == NotReady && taint.Text("effect") == "NoSchedule")) return;
        taints.Add((JsonNode)new JsonObject { ["key"] = NotReady, ["effect"] = "NoSchedule" });
    }

    private static bool IsReady(JsonObject document) =>
        document.Items("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    private static void CheckQuantities(JsonObject document, string field, FieldErrors errors)
    {
        if (document.Object("status", field) is not { } quantities) return;
        foreach (var (name, value) in quantities)
        {
            if (Quantity.TryParse(value?.ToString() ?? "", out var quantity) && quantity.IsNegative)
            {
                errors.Invalid($"status.{field}.{name}", $"\"{value}\"", "must be greater than or equal to 0");
            }
        }
    }

    private static string Status(JsonObject document)
    {
        var ready = document.Items("status", "conditions").FirstOrDefault(condition => condition.Text("type") == "Ready");
        var status = ready is null ? "Unknown" : ready.Text("status") == "True" ? "Ready" : "NotReady";
        return document.Flag("spec", "unschedulable") == true ? status + ",SchedulingDisabled" : status;
    }

    private static string Roles(JsonObject document)
    {
        const string Prefix = "node-role.kubernetes.io/";
        var roles = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in document.Object("metadata", "labels") ?? [])
        {
            if (key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length > Prefix.Length) roles.Add(key[Prefix.Length..]);
            else if (key == "kubernetes.io/role" && value?.ToString() is { Length: > 0 } role) roles.Add(role);
        }

        return roles.Count == 0 ? Cell.None : string.Join(',', roles);
    }

    private static string Address(JsonObject document, string type) =>
        Cell.OrNone(document.Items("status", "addresses").FirstOrDefault(address => address.Text("type") == type).Text("address"));

    private static string OrUnknown(string? text) => string.IsNullOrEmpty(text) ? "<unknown>" : text;
}
