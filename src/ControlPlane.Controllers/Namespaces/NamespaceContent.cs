using System.Collections.Immutable;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Namespaces;

/// <summary>What to do with the content of a namespace that is being deleted, and what to say of it.</summary>
internal static class NamespaceContent
{
    /// <summary>Deletes what is not being deleted yet and tells what remains.</summary>
    public static Plan Empty(Namespace @namespace, IReadOnlyList<ResourceObject> content, DateTimeOffset now)
    {
        var plan = new Plan();
        var remaining = content.Select(item => (Item: item, Lineage: Lineage.Read(item.Json.Span))).ToList();
        foreach (var (item, lineage) in remaining)
        {
            if (!lineage.IsBeingDeleted) plan.Delete(item, DeletePropagation.Background);
        }

        var conditions = @namespace.Status.Conditions;
        conditions = Set(conditions, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered", now);
        conditions = Set(conditions, "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
        conditions = Set(conditions, "NamespaceDeletionContentFailure", false, "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
        // What only just got its deletion is on its way; worth telling is what was still there after that.
        var waiting = remaining.Where(pair => pair.Lineage.IsBeingDeleted).ToList();
        conditions = SetRemaining(conditions, waiting.Select(pair => pair.Item), now);
        conditions = SetFinalizers(conditions, waiting.SelectMany(pair => pair.Lineage.Finalizers), now);
        return plan.SetStatus(@namespace, @namespace with { Status = @namespace.Status with { Conditions = conditions } });
    }

    private static ImmutableArray<Condition> SetRemaining(ImmutableArray<Condition> conditions, IEnumerable<ResourceObject> waiting, DateTimeOffset now)
    {
        var kinds = waiting.GroupBy(item => item.Resource.QualifiedName).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} has {kind.Count()} resource instances").ToList();
        return kinds.Count == 0
            ? Set(conditions, "NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed", now)
            : Set(conditions, "NamespaceContentRemaining", true, "SomeResourcesRemain", $"Some resources are remaining: {string.Join(", ", kinds)}", now);
    }

    private static ImmutableArray<Condition> SetFinalizers(ImmutableArray<Condition> conditions, IEnumerable<string> waiting, DateTimeOffset now)
    {
        var finalizers = waiting.GroupBy(name => name).OrderBy(name => name.Key, StringComparer.Ordinal).Select(name => $"{name.Key} in {name.Count()} resource instances").ToList();
        return finalizers.Count == 0
            ? Set(conditions, "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", "All content-preserving finalizers finished", now)
            : Set(conditions, "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {string.Join(", ", finalizers)}", now);
    }

    private static ImmutableArray<Condition> Set(ImmutableArray<Condition> conditions, string type, bool isTrue, string reason, string message, DateTimeOffset now) =>
        conditions.Set(new() { Type = type, Status = isTrue ? "True" : "False", LastTransitionTime = now, Reason = reason, Message = message });
}
