using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Controllers.Runtime;

/// <summary>The world of one reconcile: the caches as they stood when it was made. Making one copies a few references.</summary>
internal sealed class CacheWorld : World
{
    private readonly (GroupVersionKind Kind, ObjectCache Cache)[] _caches;

    public CacheWorld(IReadOnlyList<Informer> informers, DateTimeOffset now, bool mayCreate = true)
    {
        _caches = new (GroupVersionKind, ObjectCache)[informers.Count];
        for (var i = 0; i < _caches.Length; i++) _caches[i] = (informers[i].Resource.Kind, informers[i].Cache);
        Now = now;
        MayCreate = mayCreate;
    }

    public override DateTimeOffset Now { get; }

    public override bool MayCreate { get; }

    public override T? Get<T>(string? @namespace, string name) where T : class => CacheOf(T.Resource).Get(@namespace, name)?.As<T>();

    public override IEnumerable<T> All<T>(string? @namespace = null)
    {
        var cache = CacheOf(T.Resource);
        return (@namespace is null ? cache.All() : cache.InNamespace(@namespace)).Select(item => item.As<T>());
    }

    public override IEnumerable<T> OwnedBy<T>(IResource owner) => CacheOf(T.Resource).OwnedBy(owner.Metadata.Uid).Select(item => item.As<T>());

    public override IEnumerable<Pod> PodsOnNode(string nodeName) => CacheOf(Pod.Resource).Indexed(InformerSet.ByNode.Name, nodeName).Select(item => item.As<Pod>());

    private ObjectCache CacheOf(ResourceDescriptor resource)
    {
        foreach (var (kind, cache) in _caches)
        {
            if (kind == resource.Kind) return cache;
        }

        throw new InvalidOperationException($"the reconciler reads {resource.QualifiedName} but its Interest does not name them");
    }
}
