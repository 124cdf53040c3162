using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

/// <summary>What a schema cannot say about a kind: one subclass a kind, found by <see cref="For"/>; the base class is right for a kind without peculiarities.
/// Documents are mutable copies owned by the caller.</summary>
public class KindRules
{
    private static readonly ImmutableDictionary<string, KindRules> BuiltIn = new Dictionary<string, KindRules>
    {
        ["configmaps"] = new ConfigMapRules(),
        ["cronjobs.batch"] = new CronJobRules(),
        ["endpoints"] = new EndpointsRules(),
        ["events"] = new EventRules(),
        ["events.events.k8s.io"] = new EventRules(),
        ["jobs.batch"] = new JobRules(),
        ["leases.coordination.k8s.io"] = new LeaseRules(),
        ["namespaces"] = new NamespaceRules(),
        ["nodes"] = new NodeRules(),
        ["pods"] = new PodRules(),
        ["podtemplates"] = new PodTemplateRules(),
        ["priorityclasses.scheduling.k8s.io"] = new PriorityClassRules(),
        ["secrets"] = new SecretRules(),
        ["serviceaccounts"] = new ServiceAccountRules(),
        ["services"] = new ServiceRules(),
    }.ToImmutableDictionary();

    private static readonly KindRules Plain = new();
    private static readonly KindRules PlainWithStatus = new(hasStatus: true);

    /// <param name="hasStatus">Status is written on its own path only.</param>
    /// <param name="hasGeneration"><c>metadata.generation</c> counts changes of the spec.</param>
    protected KindRules(bool hasStatus = false, bool hasGeneration = false)
    {
        HasStatus = hasStatus;
        HasGeneration = hasGeneration;
    }

    /// <summary>The rules of a resource; never null.</summary>
    public static KindRules For(ResourceDescriptor resource) =>
        BuiltIn.TryGetValue(resource.QualifiedName, out var rules) ? rules : resource.HasSubresource("status") ? PlainWithStatus : Plain;

    protected bool HasStatus { get; }

    protected bool HasGeneration { get; }

    /// <summary>Fills in absent fields as a real API server does (after pruning, before validation). Idempotent.</summary>
    public virtual void Default(JsonObject document)
    {
    }

    /// <summary>Before a create is validated: drops status where clients may not set it, adds generated labels and selectors.</summary>
    public virtual void PrepareForCreate(JsonObject document, in WriteContext context)
    {
        if (HasStatus) document["status"] = new JsonObject();
        var metadata = document.ObjectOrNew("metadata");
        if (HasGeneration) metadata["generation"] = 1;
        else metadata.Remove("generation");
    }

    /// <summary>Before an update is validated: restores what this path may not change (status on the main path, spec on the status path)
    /// and raises <c>metadata.generation</c> when spec changed.</summary>
    /// <param name="subresource">Null for the main path.</param>
    public virtual void PrepareForUpdate(JsonObject updated, JsonObject existing, string? subresource, in WriteContext context)
    {
        var metadata = updated.ObjectOrNew("metadata");
        metadata.Restore("generation", existing.Object("metadata") ?? []);
        if (subresource == "status")
        {
            foreach (var name in Names(updated, existing))
            {
                if (name is not ("status" or "metadata" or "apiVersion" or "kind")) updated.Restore(name, existing);
            }

            // As a real server does: who owns an object is not a matter of its status.
            metadata.Restore("ownerReferences", existing.Object("metadata") ?? []);
            return;
        }

        if (HasStatus) updated.Restore("status", existing);
        if (HasGeneration && HasSpecChanged(updated, existing)) metadata["generation"] = (existing.Number("metadata", "generation") ?? 0) + 1;
    }

    /// <summary>Checks across fields; names, labels and schema types are already checked.</summary>
    public virtual void Validate(JsonObject document, FieldErrors errors)
    {
    }

    /// <summary>Checks a change: immutable fields and transitions.</summary>
    public virtual void ValidateUpdate(JsonObject updated, JsonObject existing, string? subresource, FieldErrors errors)
    {
    }

    /// <summary>Warnings for accepted fields without effect here.</summary>
    public virtual void Warn(JsonObject document, ICollection<string> warnings)
    {
    }

    /// <summary>Fields usable in <c>fieldSelector</c> besides <c>metadata.name</c> and <c>metadata.namespace</c>.</summary>
    public virtual ImmutableArray<string> SelectableFields => [];

    /// <summary>The value of a selectable field, "" when absent.</summary>
    public virtual string SelectableField(JsonObject document, string path)
    {
        var node = document.At(path.Split('.'));
        return node is JsonValue value ? value.ToString() : "";
    }

    /// <summary>The cells of one object, as many as the resource's columns in <c>table-columns.json</c>.</summary>
    /// <param name="now">For ages and durations.</param>
    public virtual ImmutableArray<TableCell> Cells(JsonObject document, DateTimeOffset now) => [Cell.Name(document), Cell.Age(document, now)];

    private static bool HasSpecChanged(JsonObject updated, JsonObject existing)
    {
        foreach (var name in Names(updated, existing))
        {
            if (name is "status" or "metadata" or "apiVersion" or "kind") continue;
            if (!JsonNode.DeepEquals(updated[name], existing[name])) return true;
        }

        return false;
    }

    private static List<string> Names(JsonObject updated, JsonObject existing) =>
        [.. updated.Select(field => field.Key).Union(existing.Select(field => field.Key))];
}

/// <summary>Chance and time as inputs of a write.</summary>
/// <param name="Now">The server's clock, whole seconds.</param>
/// <param name="Uid">The uid of the object that is written.</param>
/// <param name="User">The authenticated user's name.</param>
public readonly record struct WriteContext(DateTimeOffset Now, string Uid, string User);
