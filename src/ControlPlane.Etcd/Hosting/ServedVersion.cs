namespace ControlPlane.Etcd.Hosting;

/// <summary>Which etcd the face passes for. Clients decide by it what they may ask: 3.5.13 is the first whose progress answers kube-apiserver trusts, and
/// everything of its protocol is here.</summary>
internal static class ServedVersion
{
    public const string Server = "3.5.13";
    public const string Cluster = "3.5.0";
    public const string Storage = "3.5.0";
}
