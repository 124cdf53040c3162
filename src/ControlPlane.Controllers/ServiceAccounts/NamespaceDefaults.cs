using System.Text.Json.Nodes;
using ControlPlane.Api.Control;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.ServiceAccounts;

/// <summary>Gives every namespace its ServiceAccount <c>default</c> and, when the cluster's CA is known, the ConfigMap <c>kube-root-ca.crt</c>.</summary>
/// <param name="caCertificate">PEM, or null: no ConfigMap.</param>
public sealed class NamespaceDefaults(string? caCertificate) : IReconciler<Namespace>
{
    private const string AccountName = "default";
    private const string CaName = "kube-root-ca.crt";
    private const string CaKey = "ca.crt";

    public static Interest Interest => Interest.In<Namespace>()
        .AndReads<ServiceAccount>(account => account.Metadata.Name == AccountName ? [new(null, account.Metadata.Namespace!)] : [])
        .AndReads<ConfigMap>(map => map.Metadata.Name == CaName ? [new(null, map.Metadata.Namespace!)] : []);

    public Plan Reconcile(Namespace resource, World world)
    {
        var plan = new Plan();
        if (resource.IsTerminating) return plan;
        var name = resource.Metadata.Name;
        if (world.Get<ServiceAccount>(name, AccountName) is null)
        {
            plan.Create(ServiceAccount.Resource, KindJson.ToDocument(new ServiceAccount { Metadata = new() { Name = AccountName, Namespace = name } }));
        }

        if (caCertificate is null) return plan;
        if (world.Get<ConfigMap>(name, CaName) is not { } map) return plan.Create(ConfigMap.Resource, MakeCa(name));
        return map.Data?.GetValueOrDefault(CaKey) == caCertificate ? plan : plan.Patch(map, new JsonObject { ["data"] = new JsonObject { [CaKey] = caCertificate } });
    }

    private JsonObject MakeCa(string @namespace)
    {
        var document = KindJson.ToDocument(new ConfigMap
        {
            Metadata = new() { Name = CaName, Namespace = @namespace },
            Data = new Dictionary<string, string> { [CaKey] = caCertificate! },
        });
        document["metadata"]!["annotations"] = new JsonObject
        {
            ["kubernetes.io/description"] = "The CA bundle that verifies this cluster's API server.",
        };
        return document;
    }
}
