using System.CommandLine;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;

namespace ControlPlane.Commands;

/// <summary><c>controlplane watch</c>.</summary>
internal static class WatchCommand
{
    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string[]>("what") { Description = "RESOURCE, RESOURCE NAME or RESOURCE/NAME", HelpName = "RES [NAME]", Arity = ArgumentArity.OneOrMore };
        var allNamespaces = new Option<bool>("--all-namespaces", "-A") { Description = "In all namespaces" };
        var labels = new Option<string?>("--selector", "-l") { Description = "Only objects with these labels", HelpName = "LABELS" };
        var fields = new Option<string?>("--field-selector") { Description = "Only objects with these fields", HelpName = "FIELDS" };
        var output = new Option<string?>("--output", "-o") { Description = "json: one event a line (default: for people)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("json");
        var command = new TaughtCommand("watch", "Prints a line for every change, until Ctrl-C.", """
            controlplane watch pods
            controlplane watch job/pi
            controlplane watch pods -A -o json | your-program    # {"type":"ADDED","object":{...}}
            """)
        {
            what, allNamespaces, labels, fields, output,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var arguments = await ResourceArguments.ParseAsync(parsed.GetValue(what)!, cluster, cancellationToken);
            if (arguments.Count != 1 || arguments[0].Names.Count > 1) throw new UsageException("watch follows one kind, or one object");
            var resource = arguments[0].Resource;
            var query = new ListQuery(parsed.GetValue(allNamespaces) ? null : cluster.Namespace, parsed.GetValue(labels), parsed.GetValue(fields));
            query = GetWatch.Narrow(cluster, arguments[0], query);
            if (parsed.GetValue(output) == "json")
            {
                await GetWatch.ObjectsAsync(cluster, resource, query, (type, item) =>
                {
                    terminal.Out.WriteLine(new JsonObject { ["type"] = type.ToString().ToUpperInvariant(), ["object"] = item.ToDocument() }.ToJsonString());
                    terminal.Out.Flush();
                }, terminal, cancellationToken);
                return CommandTree.Done;
            }

            var lines = new WatchLines(terminal, resource.IsNamespaced && query.Namespace is null);
            await GetWatch.TablesAsync(cluster, resource, query, lines.Print, terminal, cancellationToken);
            return CommandTree.Done;
        });
        return command;
    }

    /// <summary>One line an event: when, what happened (+ ~ -), who, and the server's columns.</summary>
    private sealed class WatchLines(Terminal terminal, bool hasNamespace)
    {
        private List<(int Index, string Name)> _columns = [];

        public void Print(string type, JsonObject table)
        {
            if (table["columnDefinitions"] is JsonArray { Count: > 0 } definitions)
            {
                // The age says nothing in a line that carries its own time.
                _columns = [.. definitions.Select((definition, i) => (i, name: definition!["name"]!.GetValue<string>(), priority: definition["priority"]?.GetValue<int>() ?? 0))
                    .Where(column => column.priority == 0 && column.i > 0 && column.name != "Age")
                    .Select(column => (column.i, column.name))];
            }

            foreach (var row in (table["rows"] as JsonArray ?? []).OfType<JsonObject>())
            {
                var (sign, color) = type switch
                {
                    "LIST" => (" ", Color.Gray),
                    "ADDED" => ("+", Color.Green),
                    "DELETED" => ("-", Color.Red),
                    _ => ("~", Color.Yellow),
                };
                var metadata = row["object"]?["metadata"];
                var name = hasNamespace ? $"{metadata?["namespace"]}/{metadata?["name"]}" : $"{metadata?["name"]}";
                var cells = row["cells"] as JsonArray ?? [];
                var texts = _columns.Where(column => column.Index < cells.Count).Select(column => $"{column.Name}={Cell(cells[column.Index])}");
                terminal.Out.WriteLine($"{terminal.Paint($"{DateTime.Now:HH:mm:ss}", Color.Gray)} {terminal.Paint(sign, color)} {terminal.Paint(name, Color.Cyan)}  {string.Join("  ", texts)}");
            }

            terminal.Out.Flush();
        }

        private static string Cell(JsonNode? cell) => cell?.ToString() is { Length: > 0 } text ? text : "-";
    }
}
