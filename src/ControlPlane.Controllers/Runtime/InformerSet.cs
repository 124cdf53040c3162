using System.Collections.Immutable;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Controllers.Runtime;

/// <summary>One informer a kind, shared by every controller of a leadership term. Controllers ask for theirs before <see cref="RunAsync"/>;
/// afterwards the set only serves those it has.</summary>
public sealed class InformerSet(IResourceClient client, TimeProvider time, Action<ControllerNotice> notify)
{
    /// <summary>Pods by <c>spec.nodeName</c>.</summary>
    public static readonly ObjectIndex ByNode = new("node", item => item.As<Pod>() is { IsBound: true } pod ? [pod.Spec.NodeName!] : []);

    /// <summary>Any object by the uid of every owner, controller or not: what garbage collection follows.</summary>
    internal static readonly ObjectIndex ByOwner = new("owner", item => Lineage.Read(item.Json.Span).Owners.Select(owner => owner.Uid).Distinct());

    private readonly Dictionary<GroupVersionKind, Informer> _informers = [];
    private bool _isRunning;

    /// <summary>The informer of a kind; made on the first call.</summary>
    public Informer For(ResourceDescriptor resource)
    {
        if (_informers.TryGetValue(resource.Kind, out var known)) return known;
        Invariant.That(!_isRunning);
        ImmutableArray<ObjectIndex> indexes = resource.Kind == Pod.Resource.Kind
            ? [ObjectIndex.ControllerOwner, ByOwner, ByNode]
            : [ObjectIndex.ControllerOwner, ByOwner];
        var informer = new Informer(client, resource, indexes: indexes, time: time)
        {
            OnInterrupted = error => notify(new("informer", resource.QualifiedName, "the watch was interrupted and goes on", error)),
        };
        return _informers[resource.Kind] = informer;
    }

    /// <summary>The informers that exist.</summary>
    public IReadOnlyCollection<Informer> All => _informers.Values;

    /// <summary>The informer of a kind, or null when nobody asked for it.</summary>
    public Informer? Find(GroupVersionKind kind) => _informers.GetValueOrDefault(kind);

    /// <summary>Runs every informer until cancelled; completes when all of them have stopped.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        _isRunning = true;
        return Task.WhenAll(_informers.Values.Select(informer => informer.RunAsync(cancellationToken)));
    }
}
