using System.CommandLine;
using System.Text.Json.Nodes;

namespace ControlPlane.Commands;

/// <summary><c>controlplane member list</c>.</summary>
internal static class MemberCommand
{
    private const string MembersPath = "/controlplane/v1/members";

    public static Command Create(Terminal terminal)
    {
        var output = new Option<string?>("--output", "-o") { Description = "json (default: a table)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("json");
        var list = new TaughtCommand("list", "Shows the servers that keep the store, and which one leads.", """
            controlplane member list
            controlplane member list -o json
            """)
        {
            output,
        };
        var options = ClusterOptions.AddTo(list, hasNamespace: false);
        list.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var answer = await SlowWork.ShowAsync(terminal, "asking the server", cluster.Connection.FetchAsync(HttpMethod.Get, MembersPath, cancellationToken: cancellationToken));
            var document = (JsonObject)JsonNode.Parse(answer)!;
            if (parsed.GetValue(output) == "json")
            {
                terminal.Out.WriteLine(document.ToJsonString());
                return CommandTree.Done;
            }

            var rows = new List<IReadOnlyList<string>> { (string[])["NAME", "ID", "ROLE"] };
            foreach (var member in (document["members"] as JsonArray ?? []).OfType<JsonObject>())
            {
                rows.Add((string[])[member["name"]?.ToString() ?? "", member["id"]?.ToString() ?? "", member["role"]?.ToString() ?? ""]);
            }

            new TableText(terminal.Out).Print(rows);
            return CommandTree.Done;
        });
        return new Command("member", "Looks at the servers that keep the store.") { list };
    }
}
