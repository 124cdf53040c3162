using System.Diagnostics.CodeAnalysis;
using System.Text;
using ControlPlane.Api.Resources;

namespace ControlPlane.ApiServer.Storage;

/// <summary>Where objects live in the store: <c>/registry/&lt;group or core&gt;/&lt;plural&gt;/[&lt;namespace&gt;/]&lt;name&gt;</c>, so that a namespace and a kind are
/// contiguous ranges. The version is no part of the key: all versions of a kind are one set of objects.</summary>
/// <remarks>Worked example: the Job <c>pi</c> in <c>default</c> is <c>/registry/batch/jobs/default/pi</c>; the Node <c>n1</c> is <c>/registry/core/nodes/n1</c>.</remarks>
public static class ObjectKeys
{
    private const string Root = "/registry/";

    /// <summary>The part between root and object: <c>batch/jobs</c>. Names a feed of changes.</summary>
    public static string FeedName(ResourceDescriptor resource) => $"{(resource.Group.Length == 0 ? "core" : resource.Group)}/{resource.Plural}";

    /// <summary>The key of one object.</summary>
    public static byte[] Of(ResourceKey key) => Of(key.Resource, key.Namespace, key.Name);

    /// <summary>The key of one object.</summary>
    public static byte[] Of(ResourceDescriptor resource, string? @namespace, string name) =>
        Encoding.UTF8.GetBytes(@namespace is null ? $"{Root}{FeedName(resource)}/{name}" : $"{Root}{FeedName(resource)}/{@namespace}/{name}");

    /// <summary>What every key of a kind, or of a kind in one namespace, starts with.</summary>
    /// <param name="namespace">Null: all namespaces, or a cluster-scoped kind.</param>
    public static byte[] Prefix(ResourceDescriptor resource, string? @namespace) =>
        Encoding.UTF8.GetBytes(string.IsNullOrEmpty(@namespace) ? $"{Root}{FeedName(resource)}/" : $"{Root}{FeedName(resource)}/{@namespace}/");

    /// <summary>The first key after every key that starts with <paramref name="prefix"/>, which ends with a slash.</summary>
    public static byte[] EndOf(ReadOnlySpan<byte> prefix)
    {
        var end = prefix.ToArray();
        end[^1]++;
        return end;
    }

    /// <summary>Splits a key; false for keys that are not objects.</summary>
    /// <param name="feedName">Such as <c>batch/jobs</c>.</param>
    /// <param name="path"><c>name</c>, or <c>namespace/name</c>.</param>
    public static bool TrySplit(ReadOnlySpan<byte> key, [NotNullWhen(true)] out string? feedName, [NotNullWhen(true)] out string? path)
    {
        feedName = null;
        path = null;
        if (!key.StartsWith("/registry/"u8)) return false;
        var rest = key[Root.Length..];
        var first = rest.IndexOf((byte)'/');
        if (first < 0) return false;
        var second = rest[(first + 1)..].IndexOf((byte)'/');
        if (second < 0) return false;
        var split = first + 1 + second;
        feedName = Encoding.UTF8.GetString(rest[..split]);
        path = Encoding.UTF8.GetString(rest[(split + 1)..]);
        return path.Length > 0;
    }

    /// <summary>Namespace and name of a key of a known kind.</summary>
    public static (string? Namespace, string Name) NameOf(ResourceDescriptor resource, ReadOnlySpan<byte> key)
    {
        var path = key[(Root.Length + FeedName(resource).Length + 1)..];
        if (!resource.IsNamespaced) return (null, Encoding.UTF8.GetString(path));
        var slash = path.IndexOf((byte)'/');
        Invariant.That(slash > 0);
        return (Encoding.UTF8.GetString(path[..slash]), Encoding.UTF8.GetString(path[(slash + 1)..]));
    }
}
