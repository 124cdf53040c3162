using System.CommandLine;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Http;

namespace ControlPlane.Commands;

/// <summary><c>controlplane logs</c>.</summary>
internal static class LogsCommand
{
    // A job that was just created needs a moment until its pod runs; with -f that is waited for.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string>("what") { Description = "A pod, or job/NAME for the newest pod of a job", HelpName = "POD | RES/NAME" };
        var container = new Option<string?>("--container", "-c") { Description = "Container, when the pod has several", HelpName = "NAME" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Stay and print what is written later" };
        var tail = new Option<long?>("--tail") { Description = "Only the last lines", HelpName = "N" };
        var since = new Option<string?>("--since") { Description = "Only what is younger, such as 30s or 5m", HelpName = "TIME" };
        var previous = new Option<bool>("--previous", "-p") { Description = "Of the container's former run" };
        var timestamps = new Option<bool>("--timestamps") { Description = "With the time of every line" };
        var command = new TaughtCommand("logs", "Prints what a container wrote.", """
            controlplane logs job/pi
            controlplane logs -f pi-x7k2f                 # stay until the container ends
            controlplane logs web-0 -c sidecar --tail 20 --timestamps
            """)
        {
            what, container, follow, tail, since, previous, timestamps,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(tail) is < 0 and not -1) throw new UsageException($"--tail: {parsed.GetValue(tail)} lines cannot be; give 0 or more");
            var query = new LogQuery(
                parsed.GetValue(container),
                parsed.GetValue(follow),
                parsed.GetValue(previous),
                parsed.GetValue(timestamps),
                parsed.GetValue(tail) is >= 0 and var lines ? lines : null,
                parsed.GetValue(since) is { } text ? Durations.Parse(text, "--since") : null);
            using var cluster = options.Connect(parsed, terminal);
            var pod = await PodOf(cluster, parsed.GetValue(what)!, cancellationToken);
            await using var log = await SlowWork.ShowAsync(terminal, $"opening the log of {pod}", OpenAsync(cluster, pod, query, terminal, cancellationToken));
            // Bytes as they come: a log need not be text, and half a line is worth seeing at once.
            using var reader = new StreamReader(log);
            var buffer = new char[8192];
            while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                terminal.Out.Write(buffer, 0, count);
                terminal.Out.Flush();
            }

            return CommandTree.Done;
        });
        return command;
    }

    private static async Task<string> PodOf(Cluster cluster, string what, CancellationToken cancellationToken)
    {
        if (what.Split('/') is not [var type, { Length: > 0 } name]) return what;
        var resource = await cluster.ResourceAsync(type, cancellationToken);
        if (resource.Kind == Pod.Resource.Kind) return name;
        var owner = await cluster.Client.GetAsync(new(resource, cluster.Namespace, name), cancellationToken);
        var pods = await PodsOf(cluster, owner, cancellationToken);
        if (pods.Count == 0) throw new CommandException($"{ObjectLabel.Of(owner)} has no pods yet; see why with: controlplane describe {ObjectLabel.Of(owner)}");
        return pods.OrderByDescending(pod => pod.As<Pod>().Status.Phase == "Running").ThenByDescending(pod => pod.As<Pod>().Metadata.CreationTimestamp).First().Name;
    }

    private static async Task<IReadOnlyList<ResourceObject>> PodsOf(Cluster cluster, ResourceObject owner, CancellationToken cancellationToken)
    {
        // What the owner selects its pods by is in its own spec, whatever the kind.
        var labels = owner.ToDocument()["spec"]?["selector"]?["matchLabels"] as JsonObject
            ?? throw new CommandException($"{ObjectLabel.Of(owner)} does not select pods; give a pod's name instead");
        var selector = string.Join(',', labels.Select(label => $"{label.Key}={label.Value}"));
        return (await cluster.Client.ListAsync(Pod.Resource, new(cluster.Namespace, selector), cancellationToken)).Items;
    }

    private static async Task<Stream> OpenAsync(Cluster cluster, string pod, LogQuery query, Terminal terminal, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await cluster.Logs.OpenAsync(cluster.Namespace, pod, query, cancellationToken);
            }
            catch (ApiException early) when (query.Follow && early.Status is { Code: 400 } && early.Status.Message.Contains("waiting to start", StringComparison.Ordinal)
                && TimeProvider.System.GetElapsedTime(started) < StartPatience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            }
        }
    }
}
