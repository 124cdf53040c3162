using ControlPlane.Client.Configuration;

namespace ControlPlane.Security;

/// <summary>The administrator's kubeconfig, with certificates inside so that the file can be moved.</summary>
internal static class AdminKubeConfig
{
    /// <param name="servers">kubectl uses the first.</param>
    public static void Write(string path, IReadOnlyList<Uri> servers, ClusterIdentity identity) =>
        KubeConfigWriter.Write(path, KubeConfigWriter.ToYaml(
            "controlplane", "kubernetes-admin", servers, identity.AuthorityPem, identity.Admin.CertificatePem, identity.Admin.KeyPem));
}
