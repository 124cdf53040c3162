using System.CommandLine;
using System.Text.Json.Nodes;

namespace ControlPlane.Commands;

/// <summary><c>controlplane member</c>: the servers that keep the store.</summary>
internal static class MemberCommand
{
    public static Command Create(Terminal terminal) => new("member", "Looks after the servers that keep the store.")
    {
        List(terminal), Add(terminal), Promote(terminal), Remove(terminal), Update(terminal), ForceNewClusterCommand.Create(terminal),
    };

    private static TaughtCommand List(Terminal terminal)
    {
        var output = new Option<string?>("--output", "-o") { Description = "json (default: a table)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("json");
        var list = new TaughtCommand("list", "Shows the servers that keep the store, which one leads, and which cannot be reached.", """
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
            var document = await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Get, "members", null, cancellationToken);
            if (parsed.GetValue(output) == "json") terminal.Out.WriteLine(document.ToJsonString());
            else Print(document, terminal);
            return CommandTree.Done;
        });
        return list;
    }

    private static TaughtCommand Add(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The new server's name, such as s4" };
        var address = new Option<string>("--peer-address") { Description = "Where the other servers will reach it", HelpName = "HOST:PORT", Required = true };
        var add = new TaughtCommand("add", "Adds a server that only follows; prints the command that starts it. Promote it when it has caught up.", """
            controlplane member add s4 --peer-address 10.0.0.4:7000
            """)
        {
            name, address,
        };
        var options = ClusterOptions.AddTo(add, hasNamespace: false);
        add.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var body = new JsonObject { ["name"] = parsed.GetValue(name), ["peerAddress"] = parsed.GetValue(address) };
            var added = await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Post, "members", body, cancellationToken);
            var all = (await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Get, "members", null, cancellationToken))["members"] as JsonArray ?? [];
            var others = all.OfType<JsonObject>()
                .Where(member => $"{member["id"]}" != $"{added["id"]}" && $"{member["role"]}" != "learner")
                .Select(member => $"{member["name"]}={member["peerAddress"]}");
            terminal.Out.WriteLine($"member {added["name"]} added as a learner, id {added["id"]}");
            terminal.Out.WriteLine("Start it on a copy of the folder that `controlplane init` made, with:");
            terminal.Out.WriteLine($"  controlplane server --name {added["name"]} --data DIR --listen HOST:PORT --peer-listen {added["peerAddress"]} --join {string.Join(',', others)}");
            terminal.Out.WriteLine($"and when it has caught up: controlplane member promote {added["name"]}");
            return CommandTree.Done;
        });
        return add;
    }

    private static TaughtCommand Promote(Terminal terminal)
    {
        var wait = new Option<double>("--wait") { Description = "Seconds to wait for it to catch up (default: refuse at once)", HelpName = "SECONDS" };
        return Change(terminal, "promote", "Makes a learner a voter, once it has caught up.", "controlplane member promote s4\ncontrolplane member promote s4 --wait 60",
            [wait], async (cluster, parsed, who, cancellationToken) =>
            {
                var promoted = await MemberCalls.PromoteAsync(cluster, terminal, who, TimeSpan.FromSeconds(parsed.GetValue(wait)), cancellationToken);
                return $"member {promoted["name"]} votes";
            });
    }

    private static TaughtCommand Remove(Terminal terminal) => Change(
        terminal, "remove", "Removes a server for ever: its id is never used again, and its data cannot come back.", "controlplane member remove s2",
        [], async (cluster, _, who, cancellationToken) =>
        {
            var removed = await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Delete, $"members/{Uri.EscapeDataString(who)}", null, cancellationToken);
            return $"member {removed["name"]} removed, id {removed["id"]}";
        });

    private static TaughtCommand Update(Terminal terminal)
    {
        var address = new Option<string>("--peer-address") { Description = "Where the other servers reach it now", HelpName = "HOST:PORT", Required = true };
        return Change(terminal, "update", "Tells the servers where one of them listens now.", "controlplane member update s2 --peer-address 10.0.0.9:7000",
            [address], async (cluster, parsed, who, cancellationToken) =>
            {
                var body = new JsonObject { ["peerAddress"] = parsed.GetValue(address) };
                var updated = await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Put, $"members/{Uri.EscapeDataString(who)}", body, cancellationToken);
                return $"member {updated["name"]} is reached at {updated["peerAddress"]}";
            });
    }

    private static TaughtCommand Change(
        Terminal terminal, string verb, string description, string examples, IReadOnlyList<Option> more,
        Func<Cluster, ParseResult, string, CancellationToken, Task<string>> change)
    {
        var who = new Argument<string>("MEMBER") { Description = "Name or id, as `controlplane member list` shows them" };
        var command = new TaughtCommand(verb, description, examples) { who };
        foreach (var option in more) command.Add(option);
        var options = ClusterOptions.AddTo(command, hasNamespace: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            terminal.Out.WriteLine(await change(cluster, parsed, parsed.GetValue(who)!, cancellationToken));
            return CommandTree.Done;
        });
        return command;
    }

    private static void Print(JsonObject document, Terminal terminal)
    {
        var rows = new List<IReadOnlyList<string>> { (string[])["NAME", "ID", "ROLE", "STATE", "PEER ADDRESS"] };
        foreach (var member in (document["members"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var since = member["unreachableSince"] is { } moment ? $" since {moment}" : "";
            rows.Add((string[])[$"{member["name"]}", $"{member["id"]}", $"{member["role"]}", $"{member["state"]}{since}", $"{member["peerAddress"]}"]);
        }

        new TableText(terminal.Out).Print(rows);
        if (document["versionFloor"] is { } floor) terminal.Out.WriteLine($"version floor {floor}");
    }
}
