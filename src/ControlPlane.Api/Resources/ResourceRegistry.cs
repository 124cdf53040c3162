using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Api.Resources;

/// <summary>Every resource this server knows, read from the embedded <c>resources.json</c>. Immutable.</summary>
public sealed class ResourceRegistry
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ResourceDescriptor> _byPlural;
    private readonly FrozenDictionary<GroupVersionKind, ResourceDescriptor> _byKind;
    private readonly FrozenDictionary<string, ResourceDescriptor> _byUserInput;

    /// <summary>The built-in resources that are served; which ones, says <see cref="ServedResources"/>.</summary>
    public static ResourceRegistry BuiltIn { get; } = new(ResourceFacts.Read(ServedResources.Contains, ServedResources.Offers));

    /// <summary>A registry of the given resources. Where two answer to the same user input, the core group wins, then the earlier one.</summary>
    public ResourceRegistry(IEnumerable<ResourceDescriptor> resources)
    {
        All = [.. resources.OrderBy(resource => resource.Group, StringComparer.Ordinal)
            .ThenBy(resource => resource.Version, StringComparer.Ordinal)
            .ThenBy(resource => resource.Plural, StringComparer.Ordinal)];
        _byPlural = All.ToFrozenDictionary(resource => (resource.Group, resource.Version, resource.Plural));
        _byKind = All.ToFrozenDictionary(resource => resource.Kind);
        var inputs = new Dictionary<string, ResourceDescriptor>(StringComparer.OrdinalIgnoreCase);
        // The core group sorts first, so that "events" means v1 events.
        foreach (var resource in All)
        {
            foreach (var word in WordsFor(resource)) inputs.TryAdd(word, resource);
        }

        _byUserInput = inputs.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>All resources, by group, version, plural.</summary>
    public IReadOnlyList<ResourceDescriptor> All { get; }

    public bool TryFind(string group, string version, string plural, [NotNullWhen(true)] out ResourceDescriptor? resource) =>
        _byPlural.TryGetValue((group, version, plural), out resource);

    public bool TryFind(GroupVersionKind kind, [NotNullWhen(true)] out ResourceDescriptor? resource) => _byKind.TryGetValue(kind, out resource);

    /// <summary>The resource of a kind that must be there.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public ResourceDescriptor Get(GroupVersionKind kind) =>
        _byKind.TryGetValue(kind, out var resource) ? resource : throw new ArgumentException($"no resource serves {kind}", nameof(kind));

    /// <summary>Finds what a user may type: plural, singular, kind in any case, short name, each also with <c>.group</c> or <c>.version.group</c>.</summary>
    public bool TryFindByUserInput(string typed, [NotNullWhen(true)] out ResourceDescriptor? resource) => _byUserInput.TryGetValue(typed, out resource);

    private static IEnumerable<string> WordsFor(ResourceDescriptor resource)
    {
        foreach (var word in resource.ShortNames.Append(resource.Plural).Append(resource.Singular).Append(resource.Kind.Kind))
        {
            yield return word;
            if (resource.Group.Length > 0) yield return $"{word}.{resource.Group}";
            yield return resource.Group.Length > 0 ? $"{word}.{resource.Version}.{resource.Group}" : $"{word}.{resource.Version}.";
        }
    }
}
