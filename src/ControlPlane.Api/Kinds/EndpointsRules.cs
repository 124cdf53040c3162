using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

internal sealed class EndpointsRules : KindRules
{
    private const int ShownMax = 3;

    public override void Default(JsonObject document)
    {
        foreach (var subset in document.Items("subsets"))
        {
            foreach (var port in subset.Items("ports")) port.DefaultText("protocol", "TCP");
        }
    }

    public override ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now)
    {
        var all = new List<string>();
        foreach (var subset in document.Items("subsets"))
        {
            var ports = subset.Items("ports").Select(port => port.Number("port")).ToList();
            foreach (var address in subset.Items("addresses"))
            {
                var ip = address.Text("ip") ?? "";
                if (ports.Count == 0) all.Add(ip);
                else all.AddRange(ports.Select(port => ip.Contains(':') ? $"[{ip}]:{port}" : $"{ip}:{port}"));
            }
        }

        var shown = all.Count == 0 ? Cell.None : string.Join(',', all.Take(ShownMax));
        if (all.Count > ShownMax) shown += $" + {all.Count - ShownMax} more...";
        return [Cell.Name(document), shown, Cell.Age(document, now)];
    }
}
