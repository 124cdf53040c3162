using System.Collections.Immutable;
using System.Text.Json;
using ControlPlane.Api.Facts;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Api.Resources;

/// <summary>Reads <c>resources.json</c>: one row a resource or subresource, a subresource after its resource.</summary>
internal static class ResourceFacts
{
    /// <param name="isServed">Asked with group version and name (<c>jobs/status</c>) for every row.</param>
    /// <param name="offers">Asked with group version, name and verb for every verb of a resource.</param>
    public static List<ResourceDescriptor> Read(Func<string, string, bool> isServed, Func<string, string, string, bool> offers)
    {
        var resources = new List<ResourceDescriptor>();
        using var rows = JsonDocument.Parse(EmbeddedFacts.Read("resources.json"));
        foreach (var row in rows.RootElement.EnumerateArray())
        {
            var groupVersion = row.GetProperty("groupVersion").GetString()!;
            var name = row.GetProperty("name").GetString()!;
            if (!isServed(groupVersion, name)) continue;
            var kind = GroupVersionKind.From(groupVersion, row.GetProperty("kind").GetString()!);
            var slash = name.IndexOf('/');
            if (slash < 0)
            {
                resources.Add(Resource(row, kind, name, verb => offers(groupVersion, name, verb)));
                continue;
            }

            var owner = resources[^1];
            Invariant.That(owner.Plural == name[..slash] && owner.Kind.ApiVersion == groupVersion);
            var travels = row.TryGetProperty("group", out var group) ? kind with { Group = group.GetString()!, Version = row.GetProperty("version").GetString()! } : kind;
            resources[^1] = owner with { Subresources = owner.Subresources.Add(new(name[(slash + 1)..], travels, Texts(row, "verbs"))) };
        }

        return resources;
    }

    private static ResourceDescriptor Resource(JsonElement row, GroupVersionKind kind, string plural, Func<string, bool> offers) => new(
        kind,
        plural,
        row.GetProperty("singularName").GetString()!,
        row.GetProperty("namespaced").GetBoolean(),
        Texts(row, "shortNames"),
        Texts(row, "categories"),
        [.. Texts(row, "verbs").Where(offers)],
        [],
        SchemaCatalog.BuiltIn.NameOf(kind) ?? "");

    private static ImmutableArray<string> Texts(JsonElement row, string property) =>
        row.TryGetProperty(property, out var texts) ? [.. texts.EnumerateArray().Select(text => text.GetString()!)] : [];
}
