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

    /// <summary>The pods bound to a node, in name order. The interest must name pods.</summary>
    public abstract IEnumerable<Pod> PodsOnNode(string nodeName);

    /// <summary>False while creates for this object are held back, because the server refused the last one (a quota, say). A plan should then
    /// hold none, so that the rest of it, the status above all, still comes true.</summary>
    public virtual bool MayCreate => true;
}
