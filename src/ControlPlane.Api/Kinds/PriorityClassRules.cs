using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class PriorityClassRules() : KindRules(hasGeneration: true)
{
    private const long UserValueMax = 1_000_000_000;

    private static readonly ImmutableDictionary<string, long> SystemClasses = new Dictionary<string, long>
    {
        ["system-cluster-critical"] = 2_000_000_000,
        ["system-node-critical"] = 2_000_001_000,
    }.ToImmutableDictionary();

    public override void Default(JsonObject document) => document.DefaultText("preemptionPolicy", "PreemptLowerPriority");

    public override void Validate(JsonObject document, FieldErrors errors)
    {
        var name = document.Text("metadata", "name") ?? "";
        var value = document.Number("value") ?? 0;
        if (name.StartsWith("system-", StringComparison.Ordinal))
        {
            if (!SystemClasses.TryGetValue(name, out var expected) || expected != value)
            {
                errors.Forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only");
            }
        }
        else if (value > UserValueMax)
        {
            errors.Forbidden("value", $"maximum allowed value of a user defined priority is {UserValueMax}");
        }

        Checks.OneOf(document, "preemptionPolicy", "", errors, "PreemptLowerPriority", "Never");
    }

    public override void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
        foreach (var field in (ReadOnlySpan<string>)["value", "preemptionPolicy"])
        {
            if (!JsonNode.DeepEquals(updated[field], existing[field])) errors.Forbidden(field, "may not be changed in an update.");
        }
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
    [
        Cell.Name(document),
        document.Number("value") ?? 0,
        document.Flag("globalDefault") ?? false,
        Cell.Age(document, now),
        document.Text("preemptionPolicy") ?? "",
    ];
}
