using System.CommandLine;
using ControlPlane.Agent;
using ControlPlane.Agent.Nodes;
using ControlPlane.Client.Configuration;
using ControlPlane.Commands;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary><c>controlplane agent</c>: makes this machine a node, or plays many simulated ones.</summary>
internal static class AgentCommand
{
    private static readonly string[] Known =
        ["kubeconfig", "server", "token", "name", "data", "runtime", "simulated-nodes", "simulated-capacity", "simulated-run-seconds"];

    public static Command Create()
    {
        var kubeconfig = Settings.Flag("--kubeconfig", "FILE", "Servers and credentials of the agent, from a kubeconfig.");
        var server = Settings.Flag("--server", "URL,…", "One server or several; with --token.");
        var token = Settings.Flag("--token", "T", "The join token that `controlplane init` printed; it also recognises the cluster.");
        var name = Settings.Flag("--name", "N", "The node's name (default: the machine's).");
        var data = Settings.Flag("--data", "DIR", "Where pods, logs and state lie (default ./.controlplane-agent). One agent a folder.");
        var runtime = Settings.Flag("--runtime", "process", "How containers run: `process` starts them as plain processes of this machine.");
        var nodes = Settings.Flag("--simulated-nodes", "N", "Play N nodes without running anything: for tests of scale.");
        var capacity = Settings.Flag("--simulated-capacity", "cpu=32,memory=128Gi,pods=110", "What each simulated node has.");
        var seconds = Settings.Flag("--simulated-run-seconds", "S", "How long simulated pods run that are meant to end (default 3).");
        var config = Settings.Flag("--config", "FILE", "YAML file of settings, each named like its flag. Flags and CONTROLPLANE_… variables win.");
        var command = new TaughtCommand("agent", "Make this machine a node of a cluster: register it, run its pods, keep their logs. The agent only dials out.",
            """
            controlplane agent --server https://10.0.0.1:6443 --token "$(cat seed/pki/join-token)"
            controlplane agent --kubeconfig seed/kubeconfig --name worker-1 --data /var/lib/controlplane-agent
            controlplane agent --kubeconfig seed/kubeconfig --simulated-nodes 1000
            """) { kubeconfig, server, token, name, data, runtime, nodes, capacity, seconds, config };
        command.SetAction(async (result, stop) =>
        {
            var settings = Settings.Read(result.GetValue(config), Known);
            string? Value(Option<string?> option) => settings.Text(option.Name.TrimStart('-'), result.GetValue(option));
            var client = await ConnectAsync(Value(kubeconfig), Value(server), Value(token), stop);
            using var connector = new AgentConnector(client);
            var log = new ConsoleLog(Console.Error);
            var options = connector.Options(Path.GetFullPath(Value(data) ?? ".controlplane-agent")) with { NodeName = Value(name), Notice = log.Write };
            if (Value(runtime) is { } chosen and not "process") throw new UsageException($"--runtime {chosen}: only `process` is offered so far");
            if (Value(nodes) is { } count) options = Simulated(options, count, Value(capacity), Value(seconds));
            return await RunAsync(options, log, stop);
        });
        return command;
    }

    /// <summary>The same agent, but playing nodes.</summary>
    public static AgentOptions Simulated(AgentOptions options, string count, string? capacity, string? seconds) => options with
    {
        Runtime = AgentRuntime.Simulated,
        NodeName = options.NodeName ?? "sim",
        SimulatedNodes = Positive("--simulated-nodes", count),
        SimulatedCapacity = capacity is null ? options.SimulatedCapacity : Capacity(capacity),
        SimulatedRunTime = seconds is null ? options.SimulatedRunTime : TimeSpan.FromSeconds(Positive("--simulated-run-seconds", seconds)),
    };

    private static async Task<int> RunAsync(AgentOptions options, ConsoleLog log, CancellationToken stop)
    {
        using var folder = AgentFolder.Take(options.DataDirectory);
        await using var agent = new AgentHost(options);
        await agent.StartAsync(stop);
        log.Write($"registering {Count(agent.NodeNames)} …");
        await agent.WhenRegistered.WaitAsync(stop);
        Console.Out.WriteLine($"Ready: {Count(agent.NodeNames)} in {ServerHost.SinceProcessStart().TotalSeconds:0.0} s");
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(cancelled.SetResult);
        await cancelled.Task;
        log.Write($"stopping; the {agent.PodCount} pods here run on, and the next agent on this folder takes them over");
        // Not the stop token: it has been used, and the status on its way should still arrive.
        await agent.StopAsync(killPods: false, CancellationToken.None);
        return CommandTree.Done;
    }

    private static async Task<ClientConfig> ConnectAsync(string? kubeconfig, string? server, string? token, CancellationToken stop)
    {
        if (kubeconfig is not null) return KubeConfig.Load(kubeconfig).Resolve();
        if (server is null || token is null) throw new UsageException("give --kubeconfig FILE, or --server URL and --token T");
        return await JoinToken.Parse(token.Trim()).RecogniseAsync(server, stop);
    }

    private static NodeCapacity Capacity(string text)
    {
        try
        {
            return NodeCapacity.Parse(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--simulated-capacity {text}: {wrong.Message}");
        }
    }

    private static int Positive(string flag, string text) =>
        int.TryParse(text, out var number) && number > 0 ? number : throw new UsageException($"{flag} {text}: expected a whole number above 0");

    private static string Count(IReadOnlyCollection<string> nodes) => nodes.Count == 1 ? $"node {nodes.First()}" : $"{nodes.Count} simulated nodes";
}
