using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;

namespace ControlPlane.ApiServer.Admission;

/// <summary>Objects live in namespaces that exist and are not on their way out; some namespaces never go.</summary>
internal static class NamespaceLifecycle
{
    /// <summary>Created at start when absent.</summary>
    public static readonly IReadOnlyList<string> System = ["default", "kube-system", "kube-public", "kube-node-lease"];

    private static readonly HashSet<string> Undeletable = ["default", "kube-system", "kube-public"];

    /// <summary>The namespace an object of a kind lives in, as stored; null when there is none.</summary>
    public static Record? Find(StoreView view, ResourceDescriptor resource, string? @namespace) =>
        resource.IsNamespaced && @namespace is not null ? view.Find(Namespace.Resource, null, @namespace) : null;

    /// <exception cref="ApiException">404 when the namespace does not exist, 403 when it is terminating.</exception>
    public static void AdmitCreate(Record? home, ResourceDescriptor resource, string? @namespace, string name)
    {
        if (!resource.IsNamespaced) return;
        if (home is null) throw ApiErrors.NotFound(Namespace.Resource, @namespace ?? "");
        var document = StoredObjects.ToDocument(home);
        if (document.Metadata()["deletionTimestamp"] is null && document.Child("status").Text("phase") != "Terminating") return;
        var detail = $"unable to create new content in namespace {@namespace} because it is being terminated";
        throw new ApiException(new(403, "Forbidden", $"{resource.QualifiedName} \"{name}\" is forbidden: {detail}",
            new(name, resource.Group, resource.Plural, null, [new("NamespaceTerminating", "metadata.namespace", $"namespace {@namespace} is being terminated")])));
    }

    /// <exception cref="ApiException">403 for the namespaces the system lives in.</exception>
    public static void AdmitDelete(ResourceKey key)
    {
        if (key.Resource == Namespace.Resource && Undeletable.Contains(key.Name)) throw ApiErrors.Forbidden(key.Resource, key.Name, "this namespace may not be deleted");
    }
}
