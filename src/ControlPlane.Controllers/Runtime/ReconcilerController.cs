using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Runs one reconciler: wakes it for the objects that changed, hands it the world, carries its plan out, and calls again.</summary>
internal sealed class ReconcilerController<T, TReconciler> : KeyedController<ObjectName>
    where T : class, IResource<T>
    where TReconciler : IReconciler<T>
{
    // Own writes come back within milliseconds; should one not (a watch that is down), we go on: preconditions and names keep a late look harmless.
    private static readonly TimeSpan OwnWritesPatience = TimeSpan.FromSeconds(5);

    private readonly TReconciler _reconciler;
    private readonly Informer _primary;
    private readonly ImmutableArray<Informer> _informers;
    private readonly ImmutableArray<Informer> _waking;
    private readonly PlanExecutor _executor;
    private readonly ConcurrentDictionary<ObjectName, OwnWrites> _ownWrites = [];
    private readonly ConcurrentDictionary<ObjectName, DateTimeOffset> _createsHeldUntil = [];

    public ReconcilerController(ControllerContext context, TReconciler reconciler, string name, int workers)
        : base(context, name, workers)
    {
        _reconciler = reconciler;
        _executor = new(context.Client, context.Events, name);
        var interest = TReconciler.Interest;
        _primary = context.Informers.For(interest.Primary);
        _informers = [_primary, .. interest.Sources.Select(source => context.Informers.For(source.Resource)).Where(informer => informer != _primary).Distinct()];
        _waking = [_primary, .. interest.Sources.Where(source => source.IsOwned).Select(source => context.Informers.For(source.Resource))];
        _primary.OnChange(change => Queue.Add(change.Name));
        foreach (var source in interest.Sources) Follow(source);
    }

    protected override Task WhenReadyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_informers.Select(informer => informer.WhenSynced(cancellationToken)));

    protected override async Task<Verdict> WorkOnAsync(ObjectName key, CancellationToken cancellationToken)
    {
        if (AwaitsOwnWrites(key) is { } patience) return Verdict.Done(patience, keepsFailures: true);

        var now = Context.Time.GetUtcNow();
        var world = new CacheWorld(_informers, now, MayCreate(key, now));
        if (world.Get<T>(key.Namespace, key.Name) is not { } resource)
        {
            Forget(key);
            return Verdict.Done();
        }

        var plan = _reconciler.Reconcile(resource, world);
        var outcome = await _executor.CarryOutAsync(plan, cancellationToken);
        Remember(key, outcome.Writes, now);
        return outcome switch
        {
            PlanOutcome.Carried => Verdict.Done(Soonest(plan.ReconcileAfter, HeldFor(key, now)), keepsFailures: !world.MayCreate),
            PlanOutcome.Outdated => Verdict.Failed(),
            PlanOutcome.Refused refused => Verdict.Failed(delay => OnRefused(key, refused, delay)),
            _ => throw new InvalidOperationException($"unknown outcome {outcome}"),
        };
    }

    protected override void OnThrown(ObjectName key, Exception error)
    {
        // Refusals of the store are told in the log; an object that a reconciler cannot digest is also told to its owner.
        if (error is Api.Errors.ApiException || Queue.FailuresOf(key) != 1 || _primary.Cache.Get(key.Namespace, key.Name) is not { } item) return;
        Context.Events.Record(Name, new(item.Key, item.Uid, null, "Warning", "ReconcileFailed", $"{Name} cannot work on this object: {error.Message}"));
    }

    private void Follow(Interest.Source source)
    {
        var informer = Context.Informers.For(source.Resource);
        if (source.IsOwned)
        {
            informer.OnChange(change =>
            {
                WakeOwner(change.New, source.GatherTime);
                WakeOwner(change.Old, source.GatherTime);
            });
        }

        if (source.Wakes is { } wakes) informer.OnChange(change => Wake(() => wakes(change.Latest)));
        if (source.WakesWhenGone is { } wakesWhenGone)
        {
            informer.OnChange(change =>
            {
                if (change.IsDeleted) Wake(() => wakesWhenGone(change.Latest, new CacheWorld(_informers, Context.Time.GetUtcNow())));
            });
        }
    }

    private void WakeOwner(ResourceObject? owned, TimeSpan delay)
    {
        if (owned is null) return;
        foreach (var owner in Lineage.Read(owned.Json.Span).Owners)
        {
            if (!owner.IsController || owner.Kind != T.Resource.Kind.Kind || owner.ApiVersion != T.Resource.Kind.ApiVersion) continue;
            Queue.AddAfter(new(T.Resource.IsNamespaced ? owned.Namespace : null, owner.Name), delay);
        }
    }

    // Runs on the informer's task, which must not fall to a plug-in's mistake.
    private void Wake(Func<IEnumerable<ObjectName>> names)
    {
        try
        {
            foreach (var name in names()) Queue.Add(name);
        }
        catch (Exception error)
        {
            Context.Notify(new(Name, "interest", "cannot tell whom a change concerns", error));
        }
    }

    private TimeSpan? AwaitsOwnWrites(ObjectName key)
    {
        if (!_ownWrites.TryGetValue(key, out var writes)) return null;
        foreach (var informer in _waking)
        {
            // The event that brings the write also wakes the key; the delay is only for the case that it never comes.
            var patience = writes.Until - Context.Time.GetUtcNow();
            if (writes.Revisions.TryGetValue(informer.Resource.Kind, out var revision) && informer.Revision < revision && patience > TimeSpan.Zero) return patience;
        }

        _ownWrites.TryRemove(key, out _);
        return null;
    }

    private void Remember(ObjectName key, IReadOnlyDictionary<GroupVersionKind, long> writes, DateTimeOffset now)
    {
        if (writes.Count > 0) _ownWrites[key] = new(writes, now + OwnWritesPatience);
    }

    private bool MayCreate(ObjectName key, DateTimeOffset now)
    {
        if (!_createsHeldUntil.TryGetValue(key, out var until)) return true;
        if (until > now) return false;
        _createsHeldUntil.TryRemove(key, out _);
        return true;
    }

    private TimeSpan? HeldFor(ObjectName key, DateTimeOffset now) => _createsHeldUntil.TryGetValue(key, out var until) ? until - now : null;

    private static TimeSpan? Soonest(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other ?? one : one;

    private void OnRefused(ObjectName key, PlanOutcome.Refused refused, TimeSpan delay)
    {
        Context.Notify(new(Name, key.ToString(), $"{refused.Subject} was refused, tried again in {delay.TotalSeconds:0.###} s: {refused.Status.Message}"));
        if (!refused.IsCreate) return;
        // The rest of the plan must come true meanwhile: one look at once, without creates.
        _createsHeldUntil[key] = Context.Time.GetUtcNow() + delay;
        Queue.Add(key);
    }

    private void Forget(ObjectName key)
    {
        _ownWrites.TryRemove(key, out _);
        _createsHeldUntil.TryRemove(key, out _);
    }

    private sealed record OwnWrites(IReadOnlyDictionary<GroupVersionKind, long> Revisions, DateTimeOffset Until);
}
