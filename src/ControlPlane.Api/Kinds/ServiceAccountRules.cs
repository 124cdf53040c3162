using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class ServiceAccountRules : KindRules
{
    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) =>
        [Cell.Name(document), document.Count("secrets"), Cell.Age(document, now)];
}
