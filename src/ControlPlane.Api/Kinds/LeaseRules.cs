using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class LeaseRules : KindRules
{
    public override void Validate(JsonObject document, FieldErrors errors)
    {
        if (document.Number("spec", "leaseDurationSeconds") is <= 0 and { } duration) errors.Invalid("spec.leaseDurationSeconds", $"{duration}", "must be greater than 0");
        Checks.NotNegative(document.At("spec"), "leaseTransitions", "spec", errors);
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
        [Cell.Name(document), document.Text("spec", "holderIdentity") ?? "", Cell.Age(document, now)];
}
