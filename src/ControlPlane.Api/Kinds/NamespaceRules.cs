using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Schemas;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class NamespaceRules() : KindRules(hasStatus: true)
{
    private const string ContentFinalizer = "kubernetes";

    public override ImmutableArray<string> SelectableFields => ["status.phase"];

    // Selectors of namespaces find one by its name this way.
    public override void Default(JsonObject document)
    {
        if (document.TryGetText(out var name, "metadata", "name")) document.ObjectOrNew("metadata").ObjectOrNew("labels").Default("kubernetes.io/metadata.name", name);
    }

    public override void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        base.PrepareForCreate(document, context);
        // A generated name is known only now.
        Default(document);
        document["status"] = new JsonObject { ["phase"] = "Active" };
        var spec = document.ObjectOrNew("spec");
        var finalizers = spec["finalizers"] as JsonArray ?? [];
        spec["finalizers"] = finalizers;
        if (!finalizers.Any(finalizer => finalizer?.ToString() == ContentFinalizer)) finalizers.Add((JsonNode)ContentFinalizer);
    }

    public override void PrepareForUpdate(JsonObject updated, JsonObject existing, string? subresource, in WriteContext context)
    {
        base.PrepareForUpdate(updated, existing, subresource, context);
        // The content's finalizer goes by its own path only, else a PUT of an old copy would bring it back.
        if (subresource is null) updated.Restore("spec", existing);
        if (subresource == "finalize" && updated.Count("spec", "finalizers") == 0) updated["spec"] = new JsonObject();
    }

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var i = 0;
        if (document.At("spec", "finalizers") is not JsonArray finalizers) return;
        foreach (var finalizer in finalizers)
        {
            var text = finalizer?.ToString() ?? "";
            if (ObjectNames.QualifiedNameProblem(text) is { } problem) errors.Invalid($"spec.finalizers[{i}]", $"\"{text}\"", problem);
            i++;
        }
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
        [Cell.Name(document), document.Text("status", "phase") ?? "", Cell.Age(document, now)];
}
