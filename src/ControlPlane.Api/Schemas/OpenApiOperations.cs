using System.Collections.Immutable;
using ControlPlane.Api.Resources;

namespace ControlPlane.Api.Schemas;

/// <summary>One method of one path.</summary>
/// <param name="Path">With <c>{namespace}</c> and <c>{name}</c> where they belong.</param>
/// <param name="Method">Lower case.</param>
/// <param name="Action">What clients find it by: <c>list</c>, <c>post</c>, <c>patch</c> ….</param>
/// <param name="Kind">The kind that travels.</param>
/// <param name="Request">The body's type, or null.</param>
/// <param name="Response">The answer's type, or null for plain text.</param>
/// <param name="Query">The query parameters.</param>
internal sealed record OpenApiOperation(
    string Path, string Method, string Action, string Id, GroupVersionKind Kind, string? Request, string? Response, ImmutableArray<OpenApiParameter> Query)
{
    public IEnumerable<string> PathParameters => new[] { "namespace", "name" }.Where(name => Path.Contains($"{{{name}}}", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public bool IsPatch => Action == "patch";

    public string SuccessCode => Action == "post" ? "201" : "200";
}

/// <param name="Type"><c>string</c>, <c>integer</c> or <c>boolean</c>.</param>
internal sealed record OpenApiParameter(string Name, string Type);

/// <summary>Every method of every path that the resources of a registry have.</summary>
internal static class OpenApiOperations
{
    public const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

    /// <summary>The media types of patches, in the order kubectl prefers them.</summary>
    public static readonly ImmutableArray<string> PatchMediaTypes = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"];

    private static readonly ImmutableArray<OpenApiParameter> Write = [new("dryRun", "string"), new("fieldManager", "string"), new("fieldValidation", "string")];
    private static readonly ImmutableArray<OpenApiParameter> Patch = Write.Add(new("force", "boolean"));

    private static readonly ImmutableArray<OpenApiParameter> Delete =
        [new("dryRun", "string"), new("gracePeriodSeconds", "integer"), new("orphanDependents", "boolean"), new("propagationPolicy", "string")];

    private static readonly ImmutableArray<OpenApiParameter> List =
    [
        new("allowWatchBookmarks", "boolean"), new("continue", "string"), new("fieldSelector", "string"), new("labelSelector", "string"), new("limit", "integer"),
        new("resourceVersion", "string"), new("resourceVersionMatch", "string"), new("sendInitialEvents", "boolean"), new("timeoutSeconds", "integer"), new("watch", "boolean"),
    ];

    private static readonly ImmutableArray<OpenApiParameter> Log =
    [
        new("container", "string"), new("follow", "boolean"), new("limitBytes", "integer"), new("previous", "boolean"), new("sinceSeconds", "integer"), new("sinceTime", "string"),
        new("tailLines", "integer"), new("timestamps", "boolean"),
    ];

    /// <summary>In the order of paths: collections, objects, subresources.</summary>
    public static IEnumerable<OpenApiOperation> Of(ResourceDescriptor resource)
    {
        var schema = resource.SchemaName;
        var scope = resource.IsNamespaced ? "Namespaced" : "";
        var collection = resource.Path("{namespace}");
        var one = resource.Path("{namespace}", "{name}");
        if (Has(resource, "list"))
        {
            if (resource.IsNamespaced) yield return Make(resource, resource.Path(null), "get", "list", "list", "ForAllNamespaces", null, $"{schema}List", List);
            yield return Make(resource, collection, "get", "list", $"list{scope}", "", null, $"{schema}List", List);
        }

        if (Has(resource, "create")) yield return Make(resource, collection, "post", "post", $"create{scope}", "", schema, schema, Write);
        if (Has(resource, "deletecollection")) yield return Make(resource, collection, "delete", "deletecollection", $"deleteCollection{scope}", "", $"{Meta}DeleteOptions", $"{Meta}Status", [.. List, .. Delete]);
        if (Has(resource, "get")) yield return Make(resource, one, "get", "get", $"read{scope}", "", null, schema, []);
        if (Has(resource, "update")) yield return Make(resource, one, "put", "put", $"replace{scope}", "", schema, schema, Write);
        if (Has(resource, "delete")) yield return Make(resource, one, "delete", "delete", $"delete{scope}", "", $"{Meta}DeleteOptions", $"{Meta}Status", Delete);
        if (Has(resource, "patch")) yield return Make(resource, one, "patch", "patch", $"patch{scope}", "", $"{Meta}Patch", schema, Patch);
        foreach (var subresource in resource.Subresources)
        {
            foreach (var operation in Of(resource, subresource, scope)) yield return operation;
        }
    }

    private static IEnumerable<OpenApiOperation> Of(ResourceDescriptor resource, SubresourceDescriptor subresource, string scope)
    {
        var path = resource.Path("{namespace}", "{name}", subresource.Name);
        var schema = SchemaCatalog.BuiltIn.NameOf(subresource.Kind)!;
        var suffix = char.ToUpperInvariant(subresource.Name[0]) + subresource.Name[1..];
        foreach (var verb in subresource.Verbs)
        {
            var operation = (subresource.Name, verb) switch
            {
                ("log", "get") => Make(resource, path, "get", "get", $"read{scope}", suffix, null, null, Log),
                (_, "get") => Make(resource, path, "get", "get", $"read{scope}", suffix, null, schema, []),
                (_, "update") => Make(resource, path, "put", "put", $"replace{scope}", suffix, schema, schema, Write),
                (_, "patch") => Make(resource, path, "patch", "patch", $"patch{scope}", suffix, $"{Meta}Patch", schema, Patch),
                (_, "create") => Make(resource, path, "post", "post", $"create{scope}", suffix, schema, schema, Write),
                _ => null,
            };
            if (operation is not null) yield return operation with { Kind = subresource.Kind };
        }
    }

    private static OpenApiOperation Make(
        ResourceDescriptor resource, string path, string method, string action, string verb, string suffix, string? request, string? response, ImmutableArray<OpenApiParameter> query)
    {
        // "batch" is Batch, "coordination.k8s.io" is Coordination, the core group is Core.
        var group = resource.Group.Length == 0 ? "core" : resource.Group.Split('.')[0];
        var id = $"{verb.Replace("Namespaced", "", StringComparison.Ordinal)}{Capital(group)}{Capital(resource.Version)}{(verb.EndsWith("Namespaced", StringComparison.Ordinal) ? "Namespaced" : "")}{resource.Kind.Kind}{suffix}";
        return new(path, method, action, id, resource.Kind, request, response, query);
    }

    private static bool Has(ResourceDescriptor resource, string verb) => resource.Verbs.Contains(verb);

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
