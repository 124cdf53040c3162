namespace ControlPlane.Controllers.Leases;

/// <summary>Where agents renew one Lease a node.</summary>
internal static class NodeLeases
{
    public const string Namespace = "kube-node-lease";
}
