using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Clients;

/// <summary>The API as controllers, agents and tools use it. Two implementations: straight into the server's pipeline, and over HTTP; a caller
/// cannot tell which. Every member throws <see cref="ApiException"/> for a refusal; a write's task completes when it is durable on a majority.</summary>
public interface IResourceClient
{
    Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken);

    /// <summary>All matching objects at one revision.</summary>
    Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken);

    /// <summary>Changes after <paramref name="afterRevision"/> in order, without gap or repeat, until cancelled or the connection ends.
    /// A bookmark carries a revision and no object.</summary>
    /// <exception cref="ApiException">410 Expired: list again.</exception>
    IAsyncEnumerable<WatchEvent> WatchAsync(ResourceDescriptor resource, ListQuery query, long afterRevision, CancellationToken cancellationToken);

    Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken);

    /// <summary>Replaces the object; the document's resourceVersion, if any, is the precondition.</summary>
    Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken);

    Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken);

    /// <summary>The object as it was deleted, or as it waits for its finalizers.</summary>
    Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken);

    /// <summary>Binds pods to nodes. In process the whole list travels in one log entry; over HTTP it is one request a pod.</summary>
    /// <returns>One element a binding, in order: null when bound, else why not.</returns>
    Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken);
}

/// <param name="Namespace">Null: all namespaces.</param>
/// <param name="LabelSelector">Null: everything.</param>
/// <param name="FieldSelector">Null: everything.</param>
public sealed record ListQuery(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null)
{
    public static readonly ListQuery All = new();
}

/// <param name="Revision">The revision all items were read at; watch from here.</param>
public sealed record ResourceList(IReadOnlyList<ResourceObject> Items, long Revision);

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

/// <param name="Object">Null for a bookmark; for Deleted the last state.</param>
/// <param name="Revision">Resume after this.</param>
public readonly record struct WatchEvent(WatchEventType Type, ResourceObject? Object, long Revision);

/// <param name="FieldManager">Who writes; null is the client's default.</param>
/// <param name="DryRun">Checked and answered, not stored.</param>
public sealed record WriteQuery(string? FieldManager = null, bool DryRun = false)
{
    public static readonly WriteQuery Default = new();
}

/// <param name="Propagation">What happens to what the object owns; null is the kind's default.</param>
/// <param name="GracePeriodSeconds">Null: the object's own; 0: at once.</param>
/// <param name="Uid">Precondition, or null.</param>
/// <param name="ResourceVersion">Precondition, or null.</param>
public sealed record DeleteQuery(
    DeletePropagation? Propagation = null,
    long? GracePeriodSeconds = null,
    string? Uid = null,
    long? ResourceVersion = null)
{
    public static readonly DeleteQuery Default = new();
}

public enum DeletePropagation
{
    Background,
    Foreground,
    Orphan,
}

/// <param name="Uid">The pod's uid, so that a namesake is never bound by mistake.</param>
public readonly record struct PodBinding(string Namespace, string Name, string Uid, string NodeName);
