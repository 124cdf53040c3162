using ControlPlane.Api.Control;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Informers;

/// <summary>One step of a cache. <paramref name="Old"/> is null for an object that appeared, <paramref name="New"/> for one that is gone; never both.</summary>
/// <param name="Old">As the cache had it before.</param>
/// <param name="New">As the cache has it after.</param>
public readonly record struct ObjectChange(ResourceObject? Old, ResourceObject? New)
{
    /// <summary>The newer of the two: the object to speak of.</summary>
    public ResourceObject Latest => New ?? Old!;

    public ObjectName Name => new(Latest.Namespace, Latest.Name);

    public bool IsAdded => Old is null;

    public bool IsDeleted => New is null;
}
