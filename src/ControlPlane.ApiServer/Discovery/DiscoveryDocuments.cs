using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;

namespace ControlPlane.ApiServer.Discovery;

/// <summary>What this server serves, told in Kubernetes' four ways. Pure text from the registry.</summary>
internal static class DiscoveryDocuments
{
    // The version of Kubernetes whose API this is; clients derive from it what they may ask for.
    private const string Minor = "32";

    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = Minor,
        ["gitVersion"] = $"v1.{Minor}.0+controlplane-{typeof(DiscoveryDocuments).Assembly.GetName().Version?.ToString(3)}",
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = RuntimeInformation.FrameworkDescription,
        ["platform"] = $"{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}/{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64")}",
    };

    /// <summary><c>/api</c>.</summary>
    /// <param name="address">The address this server is reached at.</param>
    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    /// <summary><c>/apis</c>.</summary>
    public static JsonObject Groups(ResourceRegistry registry) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. GroupNames(registry).Where(name => name.Length > 0).Select(name => (JsonNode)GroupOf(registry, name))]),
    };

    /// <summary><c>/apis/batch</c>; null for a group that is not served.</summary>
    public static JsonObject? Group(ResourceRegistry registry, string name)
    {
        if (name.Length == 0 || !registry.All.Any(resource => resource.Group == name)) return null;
        var group = GroupOf(registry, name);
        group.Insert(0, "kind", "APIGroup");
        group.Insert(1, "apiVersion", "v1");
        return group;
    }

    /// <summary><c>/api/v1</c> or <c>/apis/batch/v1</c>; null for what is not served.</summary>
    public static JsonObject? Resources(ResourceRegistry registry, string group, string version)
    {
        var rows = new JsonArray();
        foreach (var resource in registry.All.Where(resource => resource.Group == group && resource.Version == version))
        {
            var row = new JsonObject
            {
                ["name"] = resource.Plural,
                ["singularName"] = resource.Singular,
                ["namespaced"] = resource.IsNamespaced,
                ["kind"] = resource.Kind.Kind,
                ["verbs"] = Texts(resource.Verbs),
            };
            if (!resource.ShortNames.IsEmpty) row["shortNames"] = Texts(resource.ShortNames);
            if (!resource.Categories.IsEmpty) row["categories"] = Texts(resource.Categories);
            rows.Add(row);
            foreach (var subresource in resource.Subresources)
            {
                var child = new JsonObject { ["name"] = $"{resource.Plural}/{subresource.Name}", ["singularName"] = "", ["namespaced"] = resource.IsNamespaced };
                if (subresource.Kind.ApiVersion != resource.Kind.ApiVersion)
                {
                    child["group"] = subresource.Kind.Group;
                    child["version"] = subresource.Kind.Version;
                }

                child["kind"] = subresource.Kind.Kind;
                child["verbs"] = Texts(subresource.Verbs);
                rows.Add(child);
            }
        }

        if (rows.Count == 0) return null;
        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = rows,
        };
    }

    /// <summary>Everything in one answer.</summary>
    /// <param name="isCore">The core group only (<c>/api</c>), or all others (<c>/apis</c>).</param>
    /// <param name="version"><c>v2</c> or <c>v2beta1</c>.</param>
    public static JsonObject Aggregated(ResourceRegistry registry, bool isCore, string version)
    {
        var items = new JsonArray();
        foreach (var group in GroupNames(registry).Where(name => name.Length == 0 == isCore))
        {
            var metadata = new JsonObject { ["creationTimestamp"] = null };
            if (group.Length > 0) metadata.Insert(0, "name", group);
            items.Add(new JsonObject
            {
                ["metadata"] = metadata,
                ["versions"] = new JsonArray([.. VersionsOf(registry, group).Select(served => (JsonNode)AggregatedVersion(registry, group, served))]),
            });
        }

        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
            ["metadata"] = new JsonObject(),
            ["items"] = items,
        };
    }

    /// <summary>The group versions that have schemas: <c>api/v1</c>, <c>apis/batch/v1</c>.</summary>
    public static IEnumerable<(string Group, string Version, string Path)> GroupVersions(ResourceRegistry registry) => registry.All
        .Select(resource => (resource.Group, resource.Version, resource.BasePath[1..]))
        .Distinct();

    /// <summary><c>/</c>: every path worth knowing.</summary>
    public static JsonObject Paths(ResourceRegistry registry)
    {
        var paths = new SortedSet<string>(StringComparer.Ordinal)
        {
            "/api", "/apis", "/healthz", "/healthz/ping", "/livez", "/livez/ping", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/readyz/ping", "/readyz/store", "/version",
        };
        foreach (var (group, _, path) in GroupVersions(registry))
        {
            paths.Add("/" + path);
            if (group.Length > 0) paths.Add("/apis/" + group);
        }

        return new JsonObject { ["paths"] = Texts(paths) };
    }

    private static JsonObject AggregatedVersion(ResourceRegistry registry, string group, string version)
    {
        var rows = new JsonArray();
        foreach (var resource in registry.All.Where(resource => resource.Group == group && resource.Version == version))
        {
            var row = new JsonObject
            {
                ["resource"] = resource.Plural,
                ["responseKind"] = KindOf(resource.Kind, resource.Kind),
                ["scope"] = resource.IsNamespaced ? "Namespaced" : "Cluster",
                ["singularResource"] = resource.Singular,
                ["verbs"] = Texts(resource.Verbs),
            };
            if (!resource.ShortNames.IsEmpty) row["shortNames"] = Texts(resource.ShortNames);
            if (!resource.Categories.IsEmpty) row["categories"] = Texts(resource.Categories);
            if (!resource.Subresources.IsEmpty)
            {
                row["subresources"] = new JsonArray([.. resource.Subresources.Select(subresource => (JsonNode)new JsonObject
                {
                    ["subresource"] = subresource.Name,
                    ["responseKind"] = KindOf(subresource.Kind, resource.Kind),
                    ["verbs"] = Texts(subresource.Verbs),
                })]);
            }

            rows.Add(row);
        }

        return new JsonObject { ["version"] = version, ["resources"] = rows, ["freshness"] = "Current" };
    }

    // Group and version are only told where they differ from what is around.
    private static JsonObject KindOf(GroupVersionKind kind, GroupVersionKind around)
    {
        var isSame = kind.ApiVersion == around.ApiVersion;
        return new JsonObject { ["group"] = isSame ? "" : kind.Group, ["version"] = isSame ? "" : kind.Version, ["kind"] = kind.Kind };
    }

    private static JsonObject GroupOf(ResourceRegistry registry, string name)
    {
        var versions = VersionsOf(registry, name).Select(version => (JsonNode)new JsonObject { ["groupVersion"] = $"{name}/{version}", ["version"] = version }).ToArray();
        return new JsonObject { ["name"] = name, ["versions"] = new JsonArray(versions), ["preferredVersion"] = versions[0].DeepClone() };
    }

    private static IEnumerable<string> GroupNames(ResourceRegistry registry) => registry.All.Select(resource => resource.Group).Distinct();

    // The newest version of a group is the preferred one and stands first.
    private static IEnumerable<string> VersionsOf(ResourceRegistry registry, string group) =>
        registry.All.Where(resource => resource.Group == group).Select(resource => resource.Version).Distinct().OrderDescending(StringComparer.Ordinal);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
