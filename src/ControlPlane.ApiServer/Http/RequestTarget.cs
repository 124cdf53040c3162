using ControlPlane.Api.Resources;

namespace ControlPlane.ApiServer.Http;

/// <summary>What a path under <c>/api</c> or <c>/apis</c> names.</summary>
/// <param name="Namespace">Null: cluster-scoped, or all namespaces.</param>
/// <param name="Name">Null: the collection.</param>
/// <param name="IsWatch">The old spelling <c>/api/v1/watch/…</c>.</param>
internal readonly record struct RequestTarget(ResourceDescriptor Resource, string? Namespace, string? Name, string? Subresource, bool IsWatch)
{
    public ResourceKey Key => new(Resource, Namespace, Name!);

    /// <summary>Parses a path; null when it names no resource this server has.</summary>
    public static RequestTarget? Parse(string path, ResourceRegistry registry)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int next;
        string group, version;
        if (parts is ["api", var coreVersion, _, ..])
        {
            (group, version, next) = ("", coreVersion, 2);
        }
        else if (parts is ["apis", var namedGroup, var namedVersion, _, ..])
        {
            (group, version, next) = (namedGroup, namedVersion, 3);
        }
        else
        {
            return null;
        }

        var rest = parts.AsSpan(next);
        var isWatch = rest is ["watch", _, ..];
        if (isWatch) rest = rest[1..];

        // /namespaces/x/pods is about pods; /namespaces/x and /namespaces/x/status are about the namespace itself.
        if (rest is ["namespaces", var @namespace, var plural, ..] && registry.TryFind(group, version, plural, out var namespaced))
        {
            if (!namespaced.IsNamespaced) return null;
            return Rest(namespaced, Uri.UnescapeDataString(@namespace), rest[3..], isWatch);
        }

        return registry.TryFind(group, version, rest[0], out var resource) ? Rest(resource, null, rest[1..], isWatch) : null;
    }

    private static RequestTarget? Rest(ResourceDescriptor resource, string? @namespace, ReadOnlySpan<string> rest, bool isWatch)
    {
        if (rest.Length > 2) return null;
        var name = rest.Length > 0 ? Uri.UnescapeDataString(rest[0]) : null;
        var subresource = rest.Length > 1 ? rest[1] : null;
        // An object of a namespaced kind is only reached through its namespace.
        if (name is not null && resource.IsNamespaced && @namespace is null) return null;
        if (subresource is not null && !resource.HasSubresource(subresource)) return null;
        return new RequestTarget(resource, @namespace, name, subresource, isWatch);
    }
}
