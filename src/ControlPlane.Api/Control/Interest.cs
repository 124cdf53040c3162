using System.Collections.Immutable;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Control;

/// <summary>What a reconciler reads. The first kind is the one it reconciles; a change of an owned object wakes its owner; a change of a
/// read kind wakes the objects that <c>wakes</c> names (none: it is only read).</summary>
public sealed record Interest(ResourceDescriptor Primary, ImmutableArray<Interest.Source> Sources)
{
    public static Interest In<T>() where T : class, IResource<T> => new(T.Resource, []);

    /// <summary>Objects with a controller owner reference to a primary.</summary>
    /// <param name="gatherTime">How long the owner sleeps on after a change, so that a wave of changes is one reconcile; null: not at all.</param>
    public Interest AndOwned<T>(TimeSpan? gatherTime = null) where T : class, IResource<T> =>
        this with { Sources = Sources.Add(new(T.Resource, true, null, null, gatherTime ?? TimeSpan.Zero)) };

    /// <summary>Objects that are read.</summary>
    /// <param name="wakes">From a changed object to the primaries that must look again; null: nobody.</param>
    public Interest AndReads<T>(Func<T, IEnumerable<ObjectName>>? wakes = null) where T : class, IResource<T> =>
        this with { Sources = Sources.Add(new(T.Resource, false, wakes is null ? null : changed => wakes(changed.As<T>()))) };

    /// <summary>Objects that are read, and whose disappearance wakes others. Only the disappearance does: where thousands of primaries look at one
    /// object, each of its changes would wake them all.</summary>
    /// <param name="wakes">From the last state of the object that is gone, and the world without it, to the primaries that must look again.</param>
    public Interest WhenGone<T>(Func<T, World, IEnumerable<ObjectName>> wakes) where T : class, IResource<T> =>
        this with { Sources = Sources.Add(new(T.Resource, false, null, (gone, world) => wakes(gone.As<T>(), world))) };

    /// <param name="IsOwned">Whether its controller owner is woken.</param>
    /// <param name="Wakes">Whom any change wakes; null: nobody.</param>
    /// <param name="WakesWhenGone">Whom its disappearance wakes; null: nobody.</param>
    /// <param name="GatherTime">Delay of waking the owner.</param>
    public sealed record Source(
        ResourceDescriptor Resource,
        bool IsOwned,
        Func<ResourceObject, IEnumerable<ObjectName>>? Wakes,
        Func<ResourceObject, World, IEnumerable<ObjectName>>? WakesWhenGone = null,
        TimeSpan GatherTime = default);
}

/// <summary>A primary object by name; <paramref name="Namespace"/> is null for cluster-scoped kinds.</summary>
public readonly record struct ObjectName(string? Namespace, string Name)
{
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
