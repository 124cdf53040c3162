using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Api.Resources;

/// <summary>Every resource this server knows, read from the embedded <c>resources.json</c>. Immutable.</summary>
public sealed class ResourceRegistry
{
    /// <summary>The built-in resources.</summary>
    public static ResourceRegistry BuiltIn { get; } = new();

    private ResourceRegistry()
    {
    }

    /// <summary>All resources, by group, version, plural.</summary>
    public IReadOnlyList<ResourceDescriptor> All => throw new NotImplementedException();

    public bool TryFind(string group, string version, string plural, [NotNullWhen(true)] out ResourceDescriptor? resource) => throw new NotImplementedException();

    public bool TryFind(GroupVersionKind kind, [NotNullWhen(true)] out ResourceDescriptor? resource) => throw new NotImplementedException();

    /// <summary>Finds what a user may type: plural, singular, kind in any case, short name, each also with <c>.group</c>.</summary>
    public bool TryFindByUserInput(string typed, [NotNullWhen(true)] out ResourceDescriptor? resource) => throw new NotImplementedException();
}
