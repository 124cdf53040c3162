using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Controllers.Runtime;

/// <summary>How a plan went.</summary>
/// <param name="Writes">The revisions of the writes that took place, a kind and its highest: the caches must reach them before the object is
/// looked at again, or it would be counted without its own children.</param>
internal abstract record PlanOutcome(IReadOnlyDictionary<GroupVersionKind, long> Writes)
{
    /// <summary>Every step is done.</summary>
    public sealed record Carried(IReadOnlyDictionary<GroupVersionKind, long> Writes) : PlanOutcome(Writes);

    /// <summary>The world had moved on: decide again.</summary>
    public sealed record Outdated(IReadOnlyDictionary<GroupVersionKind, long> Writes) : PlanOutcome(Writes);

    /// <summary>The server said no.</summary>
    /// <param name="IsCreate">Whether it was a create that was refused.</param>
    public sealed record Refused(IReadOnlyDictionary<GroupVersionKind, long> Writes, ResourceKey Subject, ApiStatus Status, bool IsCreate) : PlanOutcome(Writes);
}
