using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Http;

/// <summary>Finds how a kind is served: among the built-in ones first, and only for others by asking the server, once.</summary>
public sealed class ResourceDiscovery(ApiConnection connection, ResourceRegistry? builtIn = null)
{
    private const string Aggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private readonly ResourceRegistry _builtIn = builtIn ?? ResourceRegistry.BuiltIn;
    private ImmutableArray<ResourceDescriptor>? _served;

    /// <summary>The resource of a kind, or null when neither this program nor the server knows it.</summary>
    public async Task<ResourceDescriptor?> FindAsync(GroupVersionKind kind, CancellationToken cancellationToken) =>
        _builtIn.TryFind(kind, out var known) ? known : (await ServedAsync(cancellationToken)).FirstOrDefault(resource => resource.Kind == kind);

    /// <summary>The resource a user means: plural, singular, kind in any case, short name, each also with <c>.group</c>; or null.</summary>
    public async Task<ResourceDescriptor?> FindByUserInputAsync(string typed, CancellationToken cancellationToken)
    {
        if (_builtIn.TryFindByUserInput(typed, out var known)) return known;
        return (await ServedAsync(cancellationToken)).FirstOrDefault(resource => Matches(resource, typed));
    }

    /// <summary>Everything the server serves.</summary>
    public async Task<ImmutableArray<ResourceDescriptor>> ServedAsync(CancellationToken cancellationToken)
    {
        if (_served is { } served) return served;
        var found = ImmutableArray.CreateBuilder<ResourceDescriptor>();
        foreach (var root in (string[])["/api", "/apis"])
        {
            var answer = await connection.FetchAsync(HttpMethod.Get, root, accept: Aggregated, cancellationToken: cancellationToken);
            if (JsonNode.Parse(answer) is JsonObject document) Collect(document, found);
        }

        _served = found.ToImmutable();
        return _served.Value;
    }

    /// <summary>Names close to what was typed, best first: for "did you mean".</summary>
    public IEnumerable<string> NamesForSuggestions() => _builtIn.All.Concat(_served ?? []).SelectMany(resource => (string[])[resource.Plural, resource.Singular]).Distinct();

    private static bool Matches(ResourceDescriptor resource, string typed)
    {
        var dot = typed.IndexOf('.');
        var name = dot < 0 ? typed : typed[..dot];
        // "deployments.v1.apps" names the version as well; the group alone is the usual form.
        if (dot >= 0 && typed[(dot + 1)..] != resource.Group && typed[(dot + 1)..] != $"{resource.Version}.{resource.Group}") return false;
        return string.Equals(name, resource.Plural, StringComparison.OrdinalIgnoreCase)
            || string.Equals(name, resource.Singular, StringComparison.OrdinalIgnoreCase)
            || string.Equals(name, resource.Kind.Kind, StringComparison.OrdinalIgnoreCase)
            || resource.ShortNames.Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    private static void Collect(JsonObject document, ImmutableArray<ResourceDescriptor>.Builder found)
    {
        foreach (var group in Objects(document, "items"))
        {
            var groupName = Text(group["metadata"] as JsonObject, "name");
            foreach (var version in Objects(group, "versions"))
            {
                foreach (var resource in Objects(version, "resources"))
                {
                    var kind = resource["responseKind"] as JsonObject;
                    var subresources = Objects(resource, "subresources").Select(sub => new SubresourceDescriptor(
                        Text(sub, "subresource"), new(Text(sub["responseKind"] as JsonObject, "group"), Text(sub["responseKind"] as JsonObject, "version"), Text(sub["responseKind"] as JsonObject, "kind")), Texts(sub, "verbs")));
                    found.Add(new(
                        new(groupName, Text(version, "version"), Text(kind, "kind")),
                        Text(resource, "resource"),
                        Text(resource, "singularResource"),
                        Text(resource, "scope") == "Namespaced",
                        Texts(resource, "shortNames"),
                        Texts(resource, "categories"),
                        Texts(resource, "verbs"),
                        [.. subresources],
                        ""));
                }
            }
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonObject owner, string field) => (owner[field] as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(JsonObject? owner, string field) => owner?[field] is JsonValue value ? value.ToString() : "";

    private static ImmutableArray<string> Texts(JsonObject owner, string field) => [.. (owner[field] as JsonArray ?? []).Select(text => text?.ToString() ?? "")];
}
