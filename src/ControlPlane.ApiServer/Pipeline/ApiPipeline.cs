using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Admission;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Replica;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>The API without a transport: what HTTP, the live hub and in-process clients all go through. Callers are already authenticated and authorised.
/// Every member throws <see cref="ApiException"/> for a refusal and <see cref="StoreUnavailableException"/> when the store cannot answer.</summary>
internal sealed class ApiPipeline : IAsyncDisposable
{
    private readonly ObjectReader _reader;
    private readonly ObjectCreation _creation;
    private readonly ObjectUpdate _update;
    private readonly ObjectDeletion _deletion;
    private readonly PodBindings _bindings;

    public ApiPipeline(IReplicatedStore store, ResourceRegistry registry, TimeProvider time, IdSource ids)
    {
        Context = new PipelineContext(store, registry, time, ids);
        Feeds = new WatchFeeds(store, registry);
        _reader = new ObjectReader(Context);
        _creation = new ObjectCreation(Context, new PodAdmission());
        _update = new ObjectUpdate(Context, _creation);
        _deletion = new ObjectDeletion(Context);
        _bindings = new PodBindings(Context);
    }

    public PipelineContext Context { get; }

    public WatchFeeds Feeds { get; }

    public ValueTask<ResourceObject> GetAsync(ResourceKey key, Freshness freshness, CancellationToken cancellationToken) => _reader.GetAsync(key, freshness, cancellationToken);

    public ValueTask<ListPage> ListAsync(ListRequest request, CancellationToken cancellationToken) => _reader.ListAsync(request, cancellationToken);

    public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, JsonObject document, WriteRequest request, CancellationToken cancellationToken) =>
        _creation.CreateAsync(resource, @namespace, document, request, cancellationToken);

    public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, JsonObject document, WriteRequest request, CancellationToken cancellationToken) =>
        _update.UpdateAsync(key, subresource, document, request, cancellationToken);

    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, JsonNode patch, WriteRequest request, CancellationToken cancellationToken) =>
        _update.PatchAsync(key, subresource, kind, patch, request, cancellationToken);

    /// <summary>Changes an object by a function of what it is; retried on conflict.</summary>
    public Task<ResourceObject> ChangeAsync(ResourceKey key, string? subresource, WriteRequest request, Func<JsonObject, JsonObject> change, CancellationToken cancellationToken) =>
        _update.ChangeAsync(key, subresource, request, change, cancellationToken);

    public Task<DeleteAnswer> DeleteAsync(ResourceKey key, DeleteRequest request, CancellationToken cancellationToken) => _deletion.DeleteAsync(key, request, cancellationToken);

    /// <summary>Deletes everything a list shows; objects that vanish in between are fine.</summary>
    /// <returns>The objects as they were listed.</returns>
    public async Task<ListPage> DeleteCollectionAsync(ListRequest list, DeleteRequest request, CancellationToken cancellationToken)
    {
        var page = await _reader.ListAsync(list, cancellationToken);
        foreach (var record in page.Records)
        {
            var (@namespace, name) = ObjectKeys.NameOf(list.Selection.Resource, record.Key.Span);
            try
            {
                await _deletion.DeleteAsync(new ResourceKey(list.Selection.Resource, @namespace, name), request, cancellationToken);
            }
            catch (ApiException exception) when (exception.IsNotFound)
            {
                // Somebody else was faster; it is gone all the same.
                continue;
            }
        }

        return page;
    }

    public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, bool dryRun, CancellationToken cancellationToken) =>
        _bindings.BindAsync(bindings, dryRun, cancellationToken);

    /// <summary>A cursor over the changes of a kind after a revision. The caller disposes it.</summary>
    public WatchCursor Watch(Selection selection, long afterRevision) => Feeds.Open(selection, afterRevision);

    public ValueTask DisposeAsync() => Feeds.DisposeAsync();
}
