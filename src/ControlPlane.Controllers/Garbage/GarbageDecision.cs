using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Garbage;

/// <summary>How an owner stands.</summary>
internal enum OwnerState
{
    /// <summary>It is there (or nothing can be proven against it): it keeps its dependents.</summary>
    Present,

    /// <summary>It is gone, proven by the store.</summary>
    Absent,

    /// <summary>It is deleted in the foreground and waits for its dependents to go first.</summary>
    Waiting,
}

/// <summary>What becomes of one object, given its owners and its dependents. Pure.</summary>
internal static class GarbageDecision
{
    /// <param name="owners">One element an owner reference, in order; may be empty for an object that is being deleted.</param>
    /// <param name="dependents">Objects of any kind that name it as an owner.</param>
    public static Plan For(ResourceObject item, Lineage lineage, IReadOnlyList<OwnerState> owners, IReadOnlyList<ResourceObject> dependents)
    {
        if (lineage.WaitsForOrphaning) return SetFree(item, lineage, dependents);
        if (lineage.WaitsForDependents) return WaitFor(item, lineage, dependents);
        return lineage.IsBeingDeleted || owners.Count == 0 ? new() : Keep(item, lineage, owners, dependents);
    }

    private static Plan SetFree(ResourceObject item, Lineage lineage, IReadOnlyList<ResourceObject> dependents)
    {
        var plan = new Plan();
        foreach (var dependent in dependents) Untie(plan, dependent, Lineage.Read(dependent.Json.Span), owner => owner.Uid == item.Uid);
        return RemoveFinalizer(plan, item, lineage, Lineage.OrphanFinalizer);
    }

    private static Plan WaitFor(ResourceObject item, Lineage lineage, IReadOnlyList<ResourceObject> dependents)
    {
        var isBlocked = dependents.Any(dependent => Lineage.Read(dependent.Json.Span).Owners.Any(owner => owner.Uid == item.Uid && owner.BlocksDeletion));
        // The dependents are woken by the same change and see that their owner waits for them.
        return isBlocked ? new() : RemoveFinalizer(new(), item, lineage, Lineage.ForegroundFinalizer);
    }

    private static Plan Keep(ResourceObject item, Lineage lineage, IReadOnlyList<OwnerState> owners, IReadOnlyList<ResourceObject> dependents)
    {
        if (owners.All(state => state == OwnerState.Present)) return new();
        if (owners.Contains(OwnerState.Present))
        {
            var leaving = lineage.Owners.Where((_, index) => owners[index] != OwnerState.Present).Select(owner => owner.Uid).ToHashSet();
            var plan = new Plan();
            Untie(plan, item, lineage, owner => leaving.Contains(owner.Uid));
            return plan;
        }

        // As it was seen: an owner that is deleted alone may be setting it free this very moment.
        return new Plan().DeleteUnchanged(item, PropagationFor(item, lineage, owners, dependents));
    }

    private static DeletePropagation PropagationFor(ResourceObject item, Lineage lineage, IReadOnlyList<OwnerState> owners, IReadOnlyList<ResourceObject> dependents)
    {
        // A policy somebody already chose for this object goes before its owner's.
        if (lineage.Finalizers.Contains(Lineage.OrphanFinalizer)) return DeletePropagation.Orphan;
        if (lineage.Finalizers.Contains(Lineage.ForegroundFinalizer)) return DeletePropagation.Foreground;
        // "Foreground" goes on downwards only where something below it must go first.
        var hasDependents = dependents.Any(dependent => dependent.Uid != item.Uid);
        return owners.Contains(OwnerState.Waiting) && hasDependents ? DeletePropagation.Foreground : DeletePropagation.Background;
    }

    private static void Untie(Plan plan, ResourceObject item, Lineage lineage, Func<Lineage.Owner, bool> leaves)
    {
        if (!lineage.Owners.Any(leaves)) return;
        var kept = new JsonArray();
        foreach (var reference in (item.ToDocument()["metadata"]?["ownerReferences"] as JsonArray) ?? [])
        {
            var uid = (string?)reference?["uid"];
            if (!lineage.Owners.Any(owner => owner.Uid == uid && leaves(owner))) kept.Add(reference?.DeepClone());
        }

        plan.Patch(item, new JsonObject { ["metadata"] = new JsonObject { ["ownerReferences"] = kept.Count == 0 ? null : kept } });
    }

    private static Plan RemoveFinalizer(Plan plan, ResourceObject item, Lineage lineage, string finalizer)
    {
        var kept = new JsonArray([.. lineage.Finalizers.Where(name => name != finalizer).Select(name => (JsonNode)name)]);
        return plan.Patch(item, new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = kept.Count == 0 ? null : kept } });
    }
}
