using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Client;
using ControlPlane.Client.Http;

namespace ControlPlane.Commands;

/// <summary>The live half of <c>get -w</c> and of <c>watch</c>: what is there, then every change, across lost connections and changes of leader.</summary>
internal static class GetWatch
{
    /// <summary><c>get -w</c>.</summary>
    public static async Task<int> RunAsync(Cluster cluster, ResourceArgument argument, ListQuery query, string form, Terminal terminal, CancellationToken cancellationToken)
    {
        var resource = argument.Resource;
        query = Narrow(cluster, argument, query);
        if (form is "" or "wide")
        {
            var table = new TableText(terminal.Out, form == "wide", query.Namespace is null && resource.IsNamespaced);
            await TablesAsync(cluster, resource, query, (_, rows) => table.Print(rows), terminal, cancellationToken);
        }
        else
        {
            await ObjectsAsync(cluster, resource, query, (type, item) => GetCommand.PrintObject(item, form, terminal), terminal, cancellationToken);
        }

        return CommandTree.Done;
    }

    /// <summary>Selects one object where a name was given.</summary>
    public static ListQuery Narrow(Cluster cluster, ResourceArgument argument, ListQuery query) => argument.Names.Count == 0
        ? query
        : query with { Namespace = argument.Resource.IsNamespaced ? cluster.Namespace : null, FieldSelector = $"metadata.name={argument.Names[0]}" };

    /// <summary>Rows as the server lays them out, for the list and then for each event.</summary>
    /// <param name="print">Given <c>LIST</c> or the event's type, and a Table.</param>
    public static Task TablesAsync(Cluster cluster, ResourceDescriptor resource, ListQuery query, Action<string, JsonObject> print, Terminal terminal, CancellationToken cancellationToken) =>
        FollowAsync(terminal, async revision =>
        {
            if (revision is null)
            {
                var list = (JsonObject)JsonNode.Parse(await cluster.Connection.FetchAsync(
                    HttpMethod.Get, GetCommand.PathOf(resource, query, null, null), accept: GetCommand.TableAccept, cancellationToken: cancellationToken))!;
                print("LIST", list);
                revision = RevisionOf(list["metadata"]);
            }

            return revision;
        }, async (revision, advance) =>
        {
            await foreach (var (type, shown) in cluster.Connection.WatchAsync(WatchPath(resource, query, revision), GetCommand.TableAccept, cancellationToken))
            {
                if (type != "BOOKMARK") print(type, shown);
                var at = RevisionOf(shown["rows"]?[0]?["object"]?["metadata"]);
                if (at == 0) at = RevisionOf(shown["metadata"]);
                if (at > 0) advance(at);
            }
        }, cancellationToken);

    /// <summary>Whole objects, for the list and then for each event.</summary>
    public static Task ObjectsAsync(Cluster cluster, ResourceDescriptor resource, ListQuery query, Action<WatchEventType, ResourceObject> print, Terminal terminal, CancellationToken cancellationToken) =>
        FollowAsync(terminal, async revision =>
        {
            if (revision is not null) return revision;
            var list = await cluster.Client.ListAsync(resource, query, cancellationToken);
            foreach (var item in list.Items) print(WatchEventType.Added, item);
            return list.Revision;
        }, async (revision, advance) =>
        {
            await foreach (var step in cluster.Client.WatchAsync(resource, query, revision, cancellationToken))
            {
                if (step.Object is { } item) print(step.Type, item);
                advance(step.Revision);
            }
        }, cancellationToken);

    /// <summary>Lists once, then watches from where it stood; goes on after a cut, and lists again when the revision was forgotten.</summary>
    private static async Task FollowAsync(Terminal terminal, Func<long?, Task<long?>> list, Func<long, Action<long>, Task> watch, CancellationToken cancellationToken)
    {
        long? revision = null;
        var failures = 0;
        var hasListed = false;
        while (true)
        {
            try
            {
                revision = await list(revision);
                hasListed = true;
                await watch(revision ?? 0, at =>
                {
                    revision = at;
                    failures = 0;
                });
            }
            catch (ApiException expired) when (expired.Status.Code == 410)
            {
                revision = null;
            }
            catch (Exception lost) when (hasListed && lost is IOException or HttpRequestException or ApiException { Status.Code: 503 or 504 })
            {
                // The first failure to connect is an answer; later ones are an interruption of something that worked.
                terminal.Error.WriteLine($"{lost.Message}; trying again");
            }

            // A stream also ends well, when the server closes old ones: then the pause is short.
            await Task.Delay(Backoff.Connections.After(++failures, Random.Shared.NextDouble()), cancellationToken);
        }
    }

    private static string WatchPath(ResourceDescriptor resource, ListQuery query, long revision) => resource.Path(query.Namespace) + QueryString.Of(
        ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", revision.ToString()), ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector));

    private static long RevisionOf(JsonNode? metadata) => long.TryParse(metadata?["resourceVersion"]?.ToString(), out var revision) ? revision : 0;
}
