namespace ControlPlane.ApiServer.Security;

/// <summary>What a caller wants to do.</summary>
/// <param name="Verb">Such as <c>get</c>, <c>list</c>, <c>deletecollection</c>; the HTTP method in lower case for a path that is no resource.</param>
/// <param name="Group">"" is the core group.</param>
/// <param name="Resource">Plural; "" for a path that is no resource.</param>
/// <param name="Namespace">Null: cluster-scoped, or all namespaces.</param>
/// <param name="Name">Null: no object in particular.</param>
/// <param name="Path">The path when it is no resource, else "".</param>
public readonly record struct AccessRequest(string Verb, string Group, string Resource, string? Subresource, string? Namespace, string? Name, string Path)
{
    public static AccessRequest ForPath(string verb, string path) => new(verb, "", "", null, null, null, path);

    public bool IsResource => Resource.Length > 0;

    /// <summary>Kubernetes' sentence for a refusal, without the object's own prefix.</summary>
    public string DenialFor(Caller caller)
    {
        if (!IsResource) return $"User \"{caller.Name}\" cannot {Verb} path \"{Path}\"";
        var what = Subresource is null ? Resource : $"{Resource}/{Subresource}";
        var scope = Namespace is null ? "at the cluster scope" : $"in the namespace \"{Namespace}\"";
        return $"User \"{caller.Name}\" cannot {Verb} resource \"{what}\" in API group \"{Group}\" {scope}";
    }
}
