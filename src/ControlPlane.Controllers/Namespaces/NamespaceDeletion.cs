using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Namespaces;

/// <summary>Empties a namespace that is being deleted, then lets it go.</summary>
/// <remarks>Not a plain reconciler, because caches do not suffice: the last object may have been created just before the server refused new ones, and a
/// cache that has not heard of it would let the namespace go around it. So it reads the store, after the refusals began.</remarks>
internal sealed class NamespaceDeletion : KeyedController<string>
{
    private const string OwnFinalizer = "kubernetes";

    // Pods end with their grace, which takes seconds; looking more often finds nothing.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Informer _namespaces;
    private readonly ImmutableArray<ResourceDescriptor> _kinds;
    private readonly PlanExecutor _executor;

    public NamespaceDeletion(ControllerContext context, string name, IEnumerable<ResourceDescriptor> resources)
        : base(context, name, workers: 2)
    {
        _kinds = [.. resources.Where(resource => resource.IsNamespaced && resource.Verbs.Contains("list") && resource.Verbs.Contains("delete"))];
        _executor = new(context.Client, context.Events, name);
        _namespaces = context.Informers.For(Namespace.Resource);
        _namespaces.OnChange(change =>
        {
            if (change.New?.As<Namespace>().IsTerminating == true) Queue.Add(change.Name.Name);
        });
    }

    protected override Task WhenReadyAsync(CancellationToken cancellationToken) => _namespaces.WhenSynced(cancellationToken);

    protected override async Task<Verdict> WorkOnAsync(string key, CancellationToken cancellationToken)
    {
        if (_namespaces.Cache.Get(null, key)?.As<Namespace>() is not { IsTerminating: true } @namespace) return Verdict.Done();

        var content = new List<ResourceObject>();
        foreach (var kind in _kinds) content.AddRange(await ListAsync(kind, key, cancellationToken));
        if (content.Count == 0)
        {
            await FinalizeAsync(key, cancellationToken);
            return Verdict.Done();
        }

        var outcomes = await _executor.CarryOutByObjectAsync(NamespaceContent.Empty(@namespace, content, Context.Time.GetUtcNow()), cancellationToken);
        foreach (var refused in outcomes.OfType<PlanOutcome.Refused>()) Context.Notify(new(Name, refused.Subject.ToString(), $"was refused: {refused.Status.Message}"));
        return Verdict.Done(LookAgain);
    }

    private async Task<IReadOnlyList<ResourceObject>> ListAsync(ResourceDescriptor kind, string @namespace, CancellationToken cancellationToken)
    {
        try
        {
            return (await Context.Client.ListAsync(kind, new(@namespace), cancellationToken)).Items;
        }
        catch (ApiException refusal) when (refusal.Status.Code is 404 or 405)
        {
            // A kind this server does not store, such as a review.
            return [];
        }
    }

    private async Task FinalizeAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var key = new ResourceKey(Namespace.Resource, null, name);
            var document = (await Context.Client.GetAsync(key, cancellationToken)).ToDocument();
            if (document["metadata"]?["deletionTimestamp"] is null || document["spec"] is not JsonObject spec) return;
            var others = (spec["finalizers"] as JsonArray ?? []).Where(finalizer => (string?)finalizer != OwnFinalizer).Select(finalizer => finalizer?.DeepClone());
            spec["finalizers"] = new JsonArray([.. others]);
            await Context.Client.UpdateAsync(key, "finalize", PlanExecutor.Encode(document), new(FieldManager: Name), cancellationToken);
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Somebody finalized it by hand; gone is gone.
            Context.Notify(new(Name, name, "was finalized by somebody else"));
        }
    }
}
