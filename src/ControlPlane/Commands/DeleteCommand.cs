using System.CommandLine;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Commands;

/// <summary><c>controlplane delete</c>.</summary>
internal static class DeleteCommand
{
    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string[]>("what") { Description = "RESOURCE NAME..., RESOURCE/NAME..., or nothing with -f or -l", HelpName = "RES NAME", Arity = ArgumentArity.ZeroOrMore };
        var files = new Option<string[]>("--filename", "-f") { Description = "Delete the objects that these files name", HelpName = "FILE|DIR|-" };
        var labels = new Option<string?>("--selector", "-l") { Description = "All objects of RESOURCE with these labels", HelpName = "LABELS" };
        var all = new Option<bool>("--all") { Description = "All objects of RESOURCE in the namespace" };
        var cascade = new Option<string>("--cascade") { Description = "What becomes of owned objects: background (deleted afterwards), foreground (deleted first) or orphan (kept)", HelpName = "HOW", DefaultValueFactory = _ => "background" };
        cascade.AcceptOnlyFromAmong("background", "foreground", "orphan");
        var grace = new Option<long?>("--grace-period") { Description = "Seconds until containers are killed; 0: at once (default: the pod's own)", HelpName = "SECONDS" };
        var wait = new Option<bool>("--wait") { Description = "Return when the objects are gone (default)", DefaultValueFactory = _ => true };
        var ignore = new Option<bool>("--ignore-not-found") { Description = "What is already gone is no error" };
        var command = new TaughtCommand("delete", "Deletes objects.", """
            controlplane delete job/pi
            controlplane delete pods --selector app=web
            controlplane delete -f pi.yaml --wait=false
            """)
        {
            what, files, labels, all, cascade, grace, wait, ignore,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(grace) is < 0 and var seconds) throw new UsageException($"--grace-period: {seconds} seconds cannot be; give 0 or more");
            var paths = parsed.GetValue(files) ?? [];
            var arguments = parsed.GetValue(what) ?? [];
            if (paths.Length > 0 == arguments.Length > 0) throw new UsageException("say what to delete: either RESOURCE NAME or -f FILE");
            using var cluster = options.Connect(parsed, terminal);
            var targets = paths.Length > 0
                ? await OfFiles(cluster, paths, terminal, cancellationToken)
                : await OfArguments(cluster, arguments, parsed.GetValue(labels), parsed.GetValue(all), terminal, cancellationToken);
            var query = new DeleteQuery(Enum.Parse<DeletePropagation>(parsed.GetValue(cascade)!, ignoreCase: true), parsed.GetValue(grace));
            return await RunAsync(cluster, targets, query, parsed.GetValue(wait), parsed.GetValue(ignore), terminal, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Cluster cluster, IReadOnlyList<ResourceKey> targets, DeleteQuery query, bool waits, bool ignoresAbsent, Terminal terminal, CancellationToken cancellationToken)
    {
        var failures = 0;
        var going = new List<(ResourceKey Key, string Uid)>();
        foreach (var key in targets)
        {
            try
            {
                var deleted = await SlowWork.ShowAsync(terminal, $"deleting {ObjectLabel.Of(key.Resource, key.Name)}", cluster.Client.DeleteAsync(key, query, cancellationToken));
                terminal.Out.WriteLine($"{ObjectLabel.Quoted(key.Resource, key.Name)} {(query.GracePeriodSeconds == 0 ? "force deleted" : "deleted")}");
                going.Add((key, deleted.Uid));
            }
            catch (ApiException absent) when (absent.IsNotFound && ignoresAbsent)
            {
                continue;
            }
            catch (ApiException refusal)
            {
                terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
                failures++;
            }
        }

        if (waits)
        {
            foreach (var (key, uid) in going) await SlowWork.ShowAsync(terminal, $"waiting until {ObjectLabel.Of(key.Resource, key.Name)} is gone", WaitAsync(cluster, key, uid, cancellationToken));
        }

        return failures > 0 ? CommandTree.Failed : CommandTree.Done;
    }

    /// <summary>Completes when the object with this uid is gone; a namesake made since is another object.</summary>
    private static async Task<bool> WaitAsync(Cluster cluster, ResourceKey key, string uid, CancellationToken cancellationToken)
    {
        while (true)
        {
            var list = await cluster.Client.ListAsync(key.Resource, new(key.Namespace, FieldSelector: $"metadata.name={key.Name}"), cancellationToken);
            if (list.Items.All(item => uid.Length > 0 && item.Uid != uid)) return true;
            try
            {
                await foreach (var step in cluster.Client.WatchAsync(key.Resource, new(key.Namespace, FieldSelector: $"metadata.name={key.Name}"), list.Revision, cancellationToken))
                {
                    if (step.Type == WatchEventType.Deleted) return true;
                }
            }
            catch (ApiException expired) when (expired.Status.Code == 410)
            {
                // Too much happened in between: look again.
                continue;
            }
        }
    }

    private static async Task<IReadOnlyList<ResourceKey>> OfFiles(Cluster cluster, string[] paths, Terminal terminal, CancellationToken cancellationToken)
    {
        var applier = new Applier(cluster.Client, cluster.Discovery, cluster.Namespace) { IsNamespaceFixed = cluster.HasExplicitNamespace };
        var targets = new List<ResourceKey>();
        foreach (var manifest in await Manifests.ReadAsync(paths, terminal.In, cancellationToken))
        {
            if (manifest.Name.Length == 0) throw new CommandException($"{manifest.Place}: metadata.name is missing; delete needs the object's name");
            var resource = await applier.ResourceOf(manifest, cancellationToken);
            targets.Add(new(resource, applier.NamespaceFor(manifest, resource), manifest.Name));
        }

        return targets;
    }

    private static async Task<IReadOnlyList<ResourceKey>> OfArguments(Cluster cluster, string[] arguments, string? labels, bool all, Terminal terminal, CancellationToken cancellationToken)
    {
        var targets = new List<ResourceKey>();
        foreach (var (resource, names) in await ResourceArguments.ParseAsync(arguments, cluster, cancellationToken))
        {
            var @namespace = resource.IsNamespaced ? cluster.Namespace : null;
            if (names.Count > 0 && (labels is not null || all)) throw new UsageException("a name and a selection cannot both be given; leave one out");
            if (names.Count == 0 && labels is null && !all) throw new UsageException($"say which {resource.Plural}: a name, -l LABELS or --all");
            targets.AddRange(names.Select(name => new ResourceKey(resource, @namespace, name)));
            if (names.Count > 0) continue;
            var found = await cluster.Client.ListAsync(resource, new(@namespace, labels), cancellationToken);
            if (found.Items.Count == 0) terminal.Error.WriteLine("No resources found");
            targets.AddRange(found.Items.Select(item => item.Key));
        }

        return targets;
    }
}
