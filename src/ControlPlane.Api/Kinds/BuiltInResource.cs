using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Kinds;

/// <summary>Looks up the descriptor of a kind that is part of the program.</summary>
internal static class BuiltInResource
{
    public static ResourceDescriptor Of(string group, string version, string plural)
    {
        var isKnown = ResourceRegistry.BuiltIn.TryFind(group, version, plural, out var resource);
        Invariant.That(isKnown);
        return resource!;
    }
}
