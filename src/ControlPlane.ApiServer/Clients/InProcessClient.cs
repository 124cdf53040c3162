using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Replica;

namespace ControlPlane.ApiServer.Clients;

/// <summary>The API for the server's own parts: straight into the pipeline, without HTTP, and watch events share one object and one typed view with all
/// other watchers. Acts as <see cref="Caller.Server"/>.</summary>
public sealed class InProcessClient : IResourceClient
{
    private const int ChangesPerRead = 512;

    private readonly ApiPipeline _pipeline;

    internal InProcessClient(ApiPipeline pipeline) => _pipeline = pipeline;

    public async Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken) =>
        await AnswerAsync(() => _pipeline.GetAsync(key, Freshness.Consistent, cancellationToken).AsTask());

    public Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken) => AnswerAsync(async () =>
    {
        var page = await _pipeline.ListAsync(new ListRequest(Selection.Of(resource, query), Freshness.Consistent), cancellationToken);
        var items = new ResourceObject[page.Records.Count];
        for (var i = 0; i < items.Length; i++) items[i] = StoredObjects.ToObject(resource, page.Records[i]);
        return new ResourceList(items, page.Revision);
    });

    public async IAsyncEnumerable<WatchEvent> WatchAsync(ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var cursor = _pipeline.Watch(Selection.Of(resource, query), afterRevision);
        await using var cancelled = cancellationToken.UnsafeRegister(static state => ((WatchCursor)state!).Wake(), cursor);
        var changes = new List<SelectedChange>();
        while (!cancellationToken.IsCancellationRequested)
        {
            cursor.Read(changes, ChangesPerRead);
            foreach (var change in changes) yield return new WatchEvent(change.Type, change.Object, change.Revision);
            if (changes.Count == 0) await cursor.WaitAsync();
            changes.Clear();
        }
    }

    public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        AnswerAsync(() => _pipeline.CreateAsync(resource, @namespace, Parse(json, out var duplicates), RequestOf(query, duplicates), cancellationToken));

    public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) =>
        AnswerAsync(() => _pipeline.UpdateAsync(key, subresource, Parse(json, out var duplicates), RequestOf(query, duplicates), cancellationToken));

    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken) =>
        AnswerAsync(() => _pipeline.PatchAsync(key, subresource, kind, JsonNode.Parse(patch.Span)!, RequestOf(query, []), cancellationToken));

    public Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken) => AnswerAsync(async () =>
    {
        var request = new DeleteRequest(query.Propagation, query.GracePeriodSeconds, query.Uid, query.ResourceVersion?.ToString(), DryRun: false, []);
        return (await _pipeline.DeleteAsync(key, request, cancellationToken)).Object;
    });

    public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken) =>
        AnswerAsync(() => _pipeline.BindAsync(bindings, dryRun: false, cancellationToken));

    private static JsonObject Parse(ReadOnlyMemory<byte> json, out List<string> duplicates)
    {
        duplicates = [];
        return DocumentReader.Parse(json.Span, duplicates);
    }

    private static WriteRequest RequestOf(WriteQuery query, IReadOnlyList<string> duplicates) =>
        new(Caller.Server, FieldValidation.Ignore, query.DryRun, [], query.FieldManager) { DuplicateKeys = duplicates };

    // A caller cannot tell this client from one over HTTP, so the store's own words stay behind the rim.
    private static async Task<T> AnswerAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (StoreUnavailableException exception)
        {
            throw new ApiException(ApiErrors.ServiceUnavailable(exception.Message).Status, exception);
        }
    }
}
