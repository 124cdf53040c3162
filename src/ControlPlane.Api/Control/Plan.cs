using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Control;

/// <summary>What a reconciler wants done, in order. Carried out by the runtime; a step that is refused ends the plan and the object is reconciled again.</summary>
public sealed class Plan
{
    private readonly List<PlanStep> _steps = [];

    public IReadOnlyList<PlanStep> Steps => _steps;

    /// <summary>When to look again even if nothing changes; null: only on change.</summary>
    public TimeSpan? ReconcileAfter { get; private set; }

    /// <summary>Creates an object; "already exists" counts as done, since names are deterministic.</summary>
    /// <param name="announcement">Recorded when this call made the object, not when it was there already; see <see cref="Announcement"/>.</param>
    public Plan Create(ResourceDescriptor resource, JsonObject document, PlanStep.Event? announcement = null) =>
        Add(new PlanStep.Create(resource, document, announcement));

    /// <summary>Deletes an object only as it was seen: for decisions that rest on what the object itself says, such as whose it is.</summary>
    public Plan DeleteUnchanged(ResourceObject resource, DeletePropagation? propagation = null) =>
        Add(new PlanStep.Delete(resource.Key, resource.Uid, propagation, null, resource.ResourceVersion));

    /// <summary>Deletes an object if it still has this uid, whatever its kind; "not found" counts as done.</summary>
    public Plan Delete(ResourceObject resource, DeletePropagation? propagation = null, long? gracePeriodSeconds = null) =>
        Add(new PlanStep.Delete(resource.Key, resource.Uid, propagation, gracePeriodSeconds));

    /// <summary>Deletes an object if it still has this uid; "not found" counts as done.</summary>
    public Plan Delete<T>(T resource, DeletePropagation? propagation = null, long? gracePeriodSeconds = null) where T : class, IResource<T> =>
        Add(new PlanStep.Delete(KeyOf(resource), resource.Metadata.Uid, propagation, gracePeriodSeconds));

    /// <summary>Merge-patches an object, or a subresource of it.</summary>
    /// <param name="patch">RFC 7386; the runtime adds the resourceVersion the reconciler saw, unless <paramref name="unconditional"/>.</param>
    public Plan Patch<T>(T resource, JsonObject patch, string? subresource = null, bool unconditional = false) where T : class, IResource<T> =>
        Add(new PlanStep.Patch(KeyOf(resource), subresource, PatchKind.Merge, patch, unconditional ? null : resource.Metadata.ResourceVersion));

    /// <summary>Merge-patches an object of any kind, or a subresource of it.</summary>
    public Plan Patch(ResourceObject resource, JsonObject patch, string? subresource = null, bool unconditional = false) =>
        Add(new PlanStep.Patch(resource.Key, subresource, PatchKind.Merge, patch, unconditional ? null : resource.ResourceVersion.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Sets status to what <c>desired</c> says, keeping fields the view does not know; nothing is written when nothing changed.</summary>
    /// <param name="current">The reconciled object.</param>
    /// <param name="desired">The same object with its new status.</param>
    public Plan SetStatus<T>(T current, T desired) where T : class, IResource<T>
    {
        var before = (JsonSerializer.SerializeToNode(current, T.TypeInfo) as JsonObject)?["status"] as JsonObject ?? [];
        var after = (JsonSerializer.SerializeToNode(desired, T.TypeInfo) as JsonObject)?["status"] as JsonObject ?? [];
        var patch = MergePatchBetween(before, after);
        return patch.Count == 0 ? this : Patch(current, new JsonObject { ["status"] = patch }, "status");
    }

    /// <summary>Records a Kubernetes Event about an object; repeats are counted, not multiplied.</summary>
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    public Plan Event<T>(T about, string type, string reason, string message) where T : class, IResource<T> =>
        Add(Announcement(about, type, reason, message));

    /// <summary>An event to be recorded only when the create it travels with took place.</summary>
    public static PlanStep.Event Announcement<T>(T about, string type, string reason, string message) where T : class, IResource<T> =>
        new(KeyOf(about), about.Metadata.Uid, about.Metadata.ResourceVersion, type, reason, message);

    /// <summary>Looks again after <paramref name="after"/>, the shortest of all calls.</summary>
    public Plan ReconcileAgain(TimeSpan after)
    {
        if (after < TimeSpan.Zero) after = TimeSpan.Zero;
        if (ReconcileAfter is null || after < ReconcileAfter) ReconcileAfter = after;
        return this;
    }

    private Plan Add(PlanStep step)
    {
        _steps.Add(step);
        return this;
    }

    private static ResourceKey KeyOf<T>(T resource) where T : class, IResource<T> =>
        new(T.Resource, T.Resource.IsNamespaced ? resource.Metadata.Namespace : null, resource.Metadata.Name);

    private static JsonObject MergePatchBetween(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in after)
        {
            var old = before[name];
            if (JsonNode.DeepEquals(old, value)) continue;
            patch[name] = old is JsonObject oldObject && value is JsonObject newObject ? MergePatchBetween(oldObject, newObject) : value?.DeepClone();
        }

        foreach (var (name, _) in before)
        {
            if (!after.ContainsKey(name)) patch[name] = null;
        }

        return patch;
    }
}

/// <summary>One write a plan asks for.</summary>
public abstract record PlanStep
{
    /// <param name="Announcement">Recorded when the object is new, or null.</param>
    public sealed record Create(ResourceDescriptor Resource, JsonObject Document, Event? Announcement = null) : PlanStep;

    /// <param name="ResourceVersion">Precondition besides the uid, or null.</param>
    public sealed record Delete(ResourceKey Key, string Uid, DeletePropagation? Propagation, long? GracePeriodSeconds, long? ResourceVersion = null) : PlanStep;

    /// <param name="ResourceVersion">Precondition, or null.</param>
    public sealed record Patch(ResourceKey Key, string? Subresource, PatchKind Kind, JsonObject Body, string? ResourceVersion) : PlanStep;

    public sealed record Event(ResourceKey About, string Uid, string? ResourceVersion, string Type, string Reason, string Message) : PlanStep;
}
