using System.CommandLine;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Commands;

/// <summary><c>controlplane describe</c>.</summary>
internal static class DescribeCommand
{
    public static Command Create(Terminal terminal)
    {
        var what = new Argument<string[]>("what") { Description = "RESOURCE [NAME...] or RESOURCE/NAME...", HelpName = "RES [NAME]", Arity = ArgumentArity.OneOrMore };
        var labels = new Option<string?>("--selector", "-l") { Description = "Only objects with these labels", HelpName = "LABELS" };
        var command = new TaughtCommand("describe", "Shows an object for people: what it should be, what it is, and what happened to it.", """
            controlplane describe job/pi
            controlplane describe nodes
            controlplane describe pods -l job-name=pi
            """)
        {
            what, labels,
        };
        var options = ClusterOptions.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var cluster = options.Connect(parsed, terminal);
            var isFirst = true;
            var failures = 0;
            foreach (var (resource, names) in await ResourceArguments.ParseAsync(parsed.GetValue(what)!, cluster, cancellationToken))
            {
                var @namespace = resource.IsNamespaced ? cluster.Namespace : null;
                IReadOnlyList<ResourceObject> items = names.Count > 0 ? [] : (await cluster.Client.ListAsync(resource, new(@namespace, parsed.GetValue(labels)), cancellationToken)).Items;
                foreach (var name in names)
                {
                    try
                    {
                        items = [.. items, await SlowWork.ShowAsync(terminal, $"fetching {resource.Singular}/{name}", cluster.Client.GetAsync(new(resource, @namespace, name), cancellationToken))];
                    }
                    catch (ApiException refusal)
                    {
                        terminal.Error.WriteLine(ErrorText.Of(refusal.Status));
                        failures++;
                    }
                }

                foreach (var item in items)
                {
                    if (!isFirst) terminal.Out.WriteLine("\n");
                    isFirst = false;
                    terminal.Out.Write(Description.Of(item.ToDocument(), await EventsOf(cluster, item, cancellationToken), DateTimeOffset.UtcNow));
                }
            }

            if (isFirst && failures == 0) terminal.Error.WriteLine($"No resources found in {cluster.Namespace} namespace.");
            return failures > 0 ? CommandTree.Failed : CommandTree.Done;
        });
        return command;
    }

    private static async Task<IReadOnlyList<Event>> EventsOf(Cluster cluster, ResourceObject item, CancellationToken cancellationToken)
    {
        var fields = $"involvedObject.name={item.Name},involvedObject.kind={item.Resource.Kind.Kind},involvedObject.uid={item.Uid}";
        // Events of cluster-scoped objects lie in the default namespace.
        var list = await cluster.Client.ListAsync(Event.Resource, new(item.Namespace ?? "default", FieldSelector: fields), cancellationToken);
        return [.. list.Items.Select(found => found.As<Event>())];
    }
}
