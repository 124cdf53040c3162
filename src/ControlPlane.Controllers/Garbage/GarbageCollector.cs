using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Garbage;

/// <summary>Follows owner references over all kinds: deletes what lost its owners, holds owners back until their dependents are gone, and sets
/// dependents free of owners that are deleted alone.</summary>
/// <remarks>Not a plain reconciler, because it has no kind of its own, and because nothing is deleted for the lack of an owner that a cache has
/// merely not heard of: an absent owner is looked for in the store first.</remarks>
internal sealed class GarbageCollector : KeyedController<ResourceKey>
{
    // Uids of owners proven absent; a uid never comes back. Forgotten all at once when full: that costs a few reads.
    private const int AbsentMax = 100_000;

    private readonly ImmutableDictionary<GroupVersionKind, Informer> _informers;
    private readonly ImmutableDictionary<GroupVersionKind, ResourceDescriptor> _kinds;
    private readonly PlanExecutor _executor;
    private readonly ConcurrentDictionary<string, bool> _absent = [];

    public GarbageCollector(ControllerContext context, string name, int workers, IEnumerable<ResourceDescriptor> resources)
        : base(context, name, workers)
    {
        _executor = new(context.Client, context.Events, name);
        // Events are never owners nor owned, and there are many of them.
        var followed = resources.Where(resource => resource.Kind.Kind != "Event" && resource.Verbs.Contains("list") && resource.Verbs.Contains("watch") && resource.Verbs.Contains("delete")).ToList();
        _kinds = followed.ToImmutableDictionary(resource => resource.Kind);
        _informers = followed.ToImmutableDictionary(resource => resource.Kind, context.Informers.For);
        foreach (var informer in _informers.Values) informer.OnChange(Follow);
    }

    protected override Task WhenReadyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_informers.Values.Select(informer => informer.WhenSynced(cancellationToken)));

    protected override async Task<Verdict> WorkOnAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (_informers[key.Resource.Kind].Cache.Get(key.Namespace, key.Name) is not { } item) return Verdict.Done();
        var lineage = Lineage.Read(item.Json.Span);
        var owners = new List<OwnerState>();
        // An object that waits for its own dependents is decided by them alone.
        if (!lineage.IsBeingDeleted)
        {
            foreach (var owner in lineage.Owners) owners.Add(await StateOfAsync(owner, item, cancellationToken));
        }

        // Nearly always every owner is there, and then nobody asks for the dependents.
        var isQuiet = !lineage.IsBeingDeleted && owners.TrueForAll(state => state == OwnerState.Present);
        var dependents = isQuiet ? [] : DependentsOf(item.Uid);
        // Letting an owner go is final. A dependent made a moment ago may not have reached the cache; the store has it.
        if (lineage.WaitsForOrphaning || (lineage.WaitsForDependents && dependents.Count == 0)) dependents = await StoredDependentsOfAsync(item, cancellationToken);
        var outcome = await _executor.CarryOutAsync(GarbageDecision.For(item, lineage, owners, dependents), cancellationToken);
        if (outcome is PlanOutcome.Refused refused) Context.Notify(new(Name, refused.Subject.ToString(), $"was refused: {refused.Status.Message}"));
        return outcome is PlanOutcome.Carried ? Verdict.Done() : Verdict.Failed();
    }

    private void Follow(ObjectChange change)
    {
        var now = change.New is null ? Lineage.None : Lineage.Read(change.New.Json.Span);
        var before = change.Old is null ? Lineage.None : Lineage.Read(change.Old.Json.Span);
        var isReplaced = change.New is not null && change.Old is not null && change.New.Uid != change.Old.Uid;
        var isSame = change.Old is not null && change.New is not null && !isReplaced && now.Says(before);
        // Most changes are of a status and concern nobody here.
        if (isSame) return;
        if (change.New is not null && (now.Owners.Length > 0 || now.WaitsForDependents || now.WaitsForOrphaning)) Queue.Add(change.New.Key);
        if (change.Old is null) return;
        if (change.IsDeleted || isReplaced)
        {
            foreach (var dependent in DependentsOf(change.Old.Uid)) Queue.Add(dependent.Key);
        }

        // Fewer bonds than before, or an object that waits for others: its owners may be free to go, its dependents must look again.
        foreach (var owner in before.Owners)
        {
            if (OwnerInCache(owner, change.Old) is { } waiting && Lineage.Read(waiting.Json.Span) is { WaitsForDependents: true } or { WaitsForOrphaning: true }) Queue.Add(waiting.Key);
        }

        if (now.WaitsForDependents)
        {
            foreach (var dependent in DependentsOf(change.Old.Uid)) Queue.Add(dependent.Key);
        }
    }

    private List<ResourceObject> DependentsOf(string uid)
    {
        var dependents = new List<ResourceObject>();
        foreach (var informer in _informers.Values) dependents.AddRange(informer.Cache.Indexed(InformerSet.ByOwner.Name, uid));
        return dependents;
    }

    private async Task<List<ResourceObject>> StoredDependentsOfAsync(ResourceObject owner, CancellationToken cancellationToken)
    {
        var dependents = new List<ResourceObject>();
        foreach (var kind in _kinds.Values)
        {
            // What lives in a namespace owns only there.
            if (owner.Namespace is not null && !kind.IsNamespaced) continue;
            var list = await Context.Client.ListAsync(kind, new(owner.Namespace), cancellationToken);
            dependents.AddRange(list.Items.Where(item => Lineage.Read(item.Json.Span).Owners.Any(reference => reference.Uid == owner.Uid)));
        }

        return dependents;
    }

    private async Task<OwnerState> StateOfAsync(Lineage.Owner owner, ResourceObject dependent, CancellationToken cancellationToken)
    {
        if (OwnerInCache(owner, dependent) is { } cached) return StateOf(cached);
        if (_absent.ContainsKey(owner.Uid)) return OwnerState.Absent;
        // A kind nobody serves (any more), or an owner in a namespace that cannot be named: nothing can be proven, nothing is deleted.
        if (!_kinds.TryGetValue(GroupVersionKind.From(owner.ApiVersion, owner.Kind), out var kind) || kind.IsNamespaced && dependent.Namespace is null) return OwnerState.Present;
        try
        {
            var found = await Context.Client.GetAsync(new(kind, kind.IsNamespaced ? dependent.Namespace : null, owner.Name), cancellationToken);
            if (found.Uid == owner.Uid) return StateOf(found);
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Proven: noted below.
        }

        if (_absent.Count >= AbsentMax) _absent.Clear();
        _absent[owner.Uid] = true;
        return OwnerState.Absent;
    }

    private static OwnerState StateOf(ResourceObject owner) => Lineage.Read(owner.Json.Span).WaitsForDependents ? OwnerState.Waiting : OwnerState.Present;

    private ResourceObject? OwnerInCache(Lineage.Owner owner, ResourceObject dependent)
    {
        if (!_informers.TryGetValue(GroupVersionKind.From(owner.ApiVersion, owner.Kind), out var informer)) return null;
        var found = informer.Cache.Get(informer.Resource.IsNamespaced ? dependent.Namespace : null, owner.Name);
        return found?.Uid == owner.Uid ? found : null;
    }
}
