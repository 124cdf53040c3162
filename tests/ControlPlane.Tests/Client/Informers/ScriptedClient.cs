using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Client.Informers;

/// <summary>A server that does what a test says: its lists and its watch streams are queued up, and what it was asked is written down.</summary>
internal sealed class ScriptedClient : IResourceClient
{
    public static readonly ResourceDescriptor Pods = new(new("", "v1", "Pod"), "pods", "pod", true, ["po"], ["all"], ["get", "list", "watch"], [], "io.k8s.api.core.v1.Pod");

    private readonly Channel<Func<ResourceList>> _lists = Channel.CreateUnbounded<Func<ResourceList>>();
    private readonly Channel<Channel<WatchEvent>> _streams = Channel.CreateUnbounded<Channel<WatchEvent>>();

    /// <summary>"list" and "watch 17", in order.</summary>
    public Channel<string> Asked { get; } = Channel.CreateUnbounded<string>();

    public void WillList(long revision, params ImmutableArray<ResourceObject> items) => _lists.Writer.TryWrite(() => new(items, revision));

    public void WillRefuseList(Exception refusal) => _lists.Writer.TryWrite(() => throw refusal);

    /// <summary>The next watch; complete it, with or without an error, to cut it.</summary>
    public ChannelWriter<WatchEvent> WillWatch(params ReadOnlySpan<WatchEvent> events)
    {
        var stream = Channel.CreateUnbounded<WatchEvent>();
        foreach (var step in events) stream.Writer.TryWrite(step);
        _streams.Writer.TryWrite(stream);
        return stream.Writer;
    }

    public static ResourceObject Pod(string name, long revision, string @namespace = "default", string? owner = null, string uid = "")
    {
        var owners = owner is null ? "" : $$""","ownerReferences":[{"kind":"X","uid":"other"},{"uid":"{{owner}}","blockOwnerDeletion":true,"controller":true}]""";
        var json = $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}","namespace":"{{{@namespace}}}","labels":{"a":"b"},"uid":"{{{uid}}}","resourceVersion":"{{{revision}}}"{{{owners}}}},"spec":{}}""";
        return new(Pods, @namespace, name, uid, revision, Encoding.UTF8.GetBytes(json));
    }

    public static WatchEvent Added(ResourceObject item) => new(WatchEventType.Added, item, item.ResourceVersion);

    public static WatchEvent Modified(ResourceObject item) => new(WatchEventType.Modified, item, item.ResourceVersion);

    public static WatchEvent Deleted(ResourceObject item) => new(WatchEventType.Deleted, item, item.ResourceVersion);

    public static WatchEvent Bookmark(long revision) => new(WatchEventType.Bookmark, null, revision);

    public async Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken)
    {
        Asked.Writer.TryWrite("list");
        return (await _lists.Reader.ReadAsync(cancellationToken))();
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Asked.Writer.TryWrite($"watch {afterRevision}");
        var stream = await _streams.Reader.ReadAsync(cancellationToken);
        await foreach (var step in stream.Reader.ReadAllAsync(cancellationToken)) yield return step;
    }

    public Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken) => throw Unscripted();

    public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) => throw Unscripted();

    public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) => throw Unscripted();

    public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken) => throw Unscripted();

    public Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken) => throw Unscripted();

    public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken) => throw Unscripted();

    private static Exception Unscripted() => new InvalidOperationException("an informer only lists and watches");
}
