using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Api.Control;

/// <summary>What exists, as one reconcile sees it: informer caches frozen for the call, and the time as a value. Only kinds named in the
/// reconciler's <see cref="Interest"/> can be read.</summary>
public abstract class World
{
    /// <summary>The time of this reconcile, UTC.</summary>
    public abstract DateTimeOffset Now { get; }

    /// <summary>The object, or null.</summary>
    public abstract T? Get<T>(string? @namespace, string name) where T : class, IResource<T>;

    /// <summary>All objects of a kind, in name order; of one namespace when given.</summary>
    public abstract IEnumerable<T> All<T>(string? @namespace = null) where T : class, IResource<T>;

    /// <summary>Objects whose controller owner reference has the owner's uid, in name order.</summary>
    public abstract IEnumerable<T> OwnedBy<T>(IResource owner) where T : class, IResource<T>;

    /// <summary>The whole document behind a typed view, a fresh copy: for what is handed on as it is, such as a pod template.</summary>
    /// <returns>Null when the object has left the cache.</returns>
    public abstract JsonObject? Document<T>(T resource) where T : class, IResource<T>;

    /// <summary>When this state of the object reached the cache, by our own clock: heartbeats are judged by it, so that a node with a
    /// wrong clock is not taken for dead. A new leader sees everything anew and so grants every node its grace again.</summary>
    public abstract DateTimeOffset SeenAt<T>(T resource) where T : class, IResource<T>;
}
