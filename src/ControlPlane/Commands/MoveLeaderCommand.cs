using System.CommandLine;
using System.Text.Json.Nodes;

namespace ControlPlane.Commands;

/// <summary><c>controlplane move-leader</c>.</summary>
internal static class MoveLeaderCommand
{
    public static Command Create(Terminal terminal)
    {
        var target = new Argument<string?>("MEMBER") { Description = "Name or id of the next leader (default: whoever is furthest)", Arity = ArgumentArity.ZeroOrOne };
        var command = new TaughtCommand("move-leader", "Hands leadership of the store to another server, as before taking one down.", """
            controlplane move-leader
            controlplane move-leader s2
            """)
        {
            target,
        };
        var options = ClusterOptions.AddTo(command, hasNamespace: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var body = new JsonObject();
            if (parsed.GetValue(target) is { } wanted) body["target"] = wanted;
            var leader = await MemberCalls.SendAsync(cluster, terminal, HttpMethod.Post, "move-leader", body, cancellationToken);
            terminal.Out.WriteLine($"{leader["name"]} leads");
            return CommandTree.Done;
        });
        return command;
    }
}
