using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Configuration;

namespace ControlPlane.Commands;

/// <summary><c>controlplane version</c>.</summary>
internal static class VersionCommand
{
    /// <summary>This program's version, without build metadata.</summary>
    public static string Version { get; } =
        (typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    public static Command Create(Terminal terminal)
    {
        var output = new Option<string?>("--output", "-o") { Description = "json (default: text)", HelpName = "FORM" };
        output.AcceptOnlyFromAmong("json");
        var clientOnly = new Option<bool>("--client") { Description = "Only of this program, without asking a server" };
        var command = new TaughtCommand("version", "Shows the version of this program and of the server.", """
            controlplane version
            controlplane version --client -o json
            """)
        {
            output, clientOnly,
        };
        var options = ClusterOptions.AddTo(command, hasNamespace: false);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var server = parsed.GetValue(clientOnly) ? null : await ServerVersionAsync(options, parsed, terminal, cancellationToken);
            if (parsed.GetValue(output) == "json")
            {
                var document = new JsonObject { ["clientVersion"] = new JsonObject { ["gitVersion"] = $"v{Version}" } };
                if (server is not null) document["serverVersion"] = server;
                terminal.Out.WriteLine(document.ToJsonString(new() { WriteIndented = true }));
            }
            else
            {
                terminal.Out.WriteLine($"controlplane {Version}");
                if (server is not null) terminal.Out.WriteLine($"server {server["gitVersion"]}");
            }

            return CommandTree.Done;
        });
        return command;
    }

    // A version is worth knowing without a server too: that one is missing is a remark, not a failure.
    private static async Task<JsonObject?> ServerVersionAsync(ClusterOptions options, ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            using var cluster = options.Connect(parsed, terminal);
            return JsonNode.Parse(await cluster.Connection.FetchAsync(HttpMethod.Get, "/version", cancellationToken: cancellationToken)) as JsonObject;
        }
        catch (Exception absent) when (absent is KubeConfigException or IOException or ApiException)
        {
            terminal.Error.WriteLine($"(no server: {absent.Message})");
            return null;
        }
    }
}
