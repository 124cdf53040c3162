using System.Runtime.CompilerServices;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Http;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Replica;
using Microsoft.AspNetCore.SignalR;

namespace ControlPlane.ApiServer.Live;

/// <summary>The live hub, <c>/hubs/watch</c>: <c>Watch(request)</c> streams <see cref="LiveEvent"/>s. A snapshot first, then a bookmark, then changes; with a
/// resourceVersion, only what came after it. Every event's resourceVersion is a place to resume from, within the snapshot too: it comes in the order of revisions.</summary>
internal sealed class LiveHub(LiveContext context) : Hub
{
    public const string Path = "/hubs/watch";

    // What a slow client can hold at once: this many references to changes that others share.
    private const int ChangesMax = 8192;
    private const int ChangesPerRead = 512;

    public async IAsyncEnumerable<LiveEvent> Watch(LiveRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Context.ConnectionAborted, context.Stopping);
        var selection = Understand(request, out var afterRevision);
        if (afterRevision is null)
        {
            var snapshot = await SnapshotAsync(selection, ending.Token);
            foreach (var record in snapshot.Records.OrderBy(record => record.Modified))
            {
                yield return Event(WatchEventType.Added, StoredObjects.ToObject(selection.Resource, record), record.Modified.Value);
            }

            afterRevision = snapshot.Revision;
            yield return new LiveEvent("BOOKMARK", snapshot.Revision.ToString(), LiveObject.None);
        }

        using var cursor = context.Pipeline.Watch(selection, afterRevision.Value);
        await using var cancelled = ending.Token.UnsafeRegister(static state => ((WatchCursor)state!).Wake(), cursor);
        var changes = new List<SelectedChange>();
        var pending = new Coalescer();
        while (!ending.IsCancellationRequested)
        {
            // The client takes an event only when the one before has left; what came in the meantime is boiled down here.
            while (pending.Count < ChangesMax && Read(cursor, changes)) changes.ForEach(pending.Add);
            if (pending.Count == 0) await cursor.WaitAsync();
            foreach (var change in pending.Drain()) yield return Event(change.Type, change.Object, change.Revision);
        }
    }

    private static bool Read(WatchCursor cursor, List<SelectedChange> changes)
    {
        changes.Clear();
        try
        {
            cursor.Read(changes, ChangesPerRead);
        }
        catch (ApiException exception)
        {
            throw new HubException($"{exception.Status.Reason}: {exception.Message}; watch again without resourceVersion", exception);
        }

        return changes.Count > 0;
    }

    private async Task<ListPage> SnapshotAsync(Selection selection, CancellationToken cancellationToken)
    {
        try
        {
            return await context.Pipeline.ListAsync(new ListRequest(selection, Freshness.Consistent), cancellationToken);
        }
        catch (StoreUnavailableException exception)
        {
            throw new HubException($"ServiceUnavailable: {exception.Message}", exception);
        }
    }

    private Selection Understand(LiveRequest? request, out long? afterRevision)
    {
        afterRevision = null;
        if (request is null) throw new HubException("Watch takes one argument: {kind or resource, apiVersion, namespace, labelSelector, fieldSelector, resourceVersion}");
        if (!string.IsNullOrEmpty(request.ResourceVersion))
        {
            if (!Documents.TryParseRevision(request.ResourceVersion, out var revision))
            {
                throw new HubException($"resourceVersion \"{request.ResourceVersion}\" is not one this server gave out; leave it out to begin with a snapshot");
            }

            if (revision > 0) afterRevision = revision;
        }

        var resource = FindResource(request);
        var @namespace = string.IsNullOrEmpty(request.Namespace) || !resource.IsNamespaced ? null : request.Namespace;
        var caller = Context.GetHttpContext() is { } http ? ApiMiddleware.CallerOf(http) : Caller.Anonymous;
        foreach (var verb in (ReadOnlySpan<string>)["list", "watch"])
        {
            var access = new AccessRequest(verb, resource.Group, resource.Plural, null, @namespace, null, "");
            if (!context.Authorizer.Allows(caller, access)) throw new HubException($"Forbidden: {resource.QualifiedName} is forbidden: {access.DenialFor(caller)}");
        }

        try
        {
            return Selection.Parse(resource, @namespace, request.LabelSelector, request.FieldSelector);
        }
        catch (ApiException exception)
        {
            throw new HubException($"{exception.Status.Reason}: {exception.Message}", exception);
        }
    }

    private ResourceDescriptor FindResource(LiveRequest request)
    {
        var registry = context.Pipeline.Context.Registry;
        var typed = string.IsNullOrEmpty(request.Resource) ? request.Kind : request.Resource;
        if (string.IsNullOrEmpty(typed)) throw new HubException("name what to watch: kind (such as \"Pod\") or resource (such as \"pods\")");
        ResourceDescriptor? resource;
        if (string.IsNullOrEmpty(request.ApiVersion))
        {
            if (registry.TryFindByUserInput(typed, out resource)) return Watchable(resource);
            throw new HubException($"the server has no resource \"{typed}\"");
        }

        var kind = GroupVersionKind.From(request.ApiVersion, typed);
        if (registry.TryFind(kind, out resource) || registry.TryFind(kind.Group, kind.Version, typed, out resource)) return Watchable(resource);
        throw new HubException($"the server has no \"{typed}\" in \"{request.ApiVersion}\"");
    }

    private static ResourceDescriptor Watchable(ResourceDescriptor resource) =>
        resource.Verbs.Contains("watch") ? resource : throw new HubException($"{resource.QualifiedName} can not be watched");

    private static LiveEvent Event(WatchEventType type, ResourceObject source, long revision) =>
        new(type switch { WatchEventType.Added => "ADDED", WatchEventType.Modified => "MODIFIED", _ => "DELETED" }, revision.ToString(), new LiveObject(source.Json));
}
