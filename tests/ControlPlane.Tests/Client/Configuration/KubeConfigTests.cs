using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Client.Configuration;

namespace ControlPlane.Tests.Client.Configuration;

public sealed class KubeConfigTests
{
    [Fact]
    public void What_is_written_is_read_back_with_all_servers()
    {
        var (certificate, key) = NewCertificate();
        var yaml = KubeConfigWriter.ToYaml("dev", "admin", [new("https://127.0.0.1:6443"), new("https://127.0.0.1:6444")], certificate, certificate, key, @namespace: "demo");
        var config = KubeConfig.FromText(yaml, "kubeconfig").Resolve();

        Assert.Equal(["https://127.0.0.1:6443/", "https://127.0.0.1:6444/"], config.Servers.Select(server => server.ToString()));
        Assert.Single(config.CertificateAuthorities);
        Assert.True(config.ClientCertificate!.HasPrivateKey);
        Assert.Equal("demo", config.Namespace);
        Assert.Equal("context \"dev\" in kubeconfig", config.Source);
        Assert.Null(config.BearerToken);
    }

    [Theory]
    [InlineData("clusters: []\n", "no current-context is set")]
    [InlineData("current-context: x\n", "context \"x\" does not exist; there are: none")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n", "names cluster \"c\", which does not exist")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://a'}}]\n", "names user \"u\", which does not exist")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]\n", "cluster \"c\": no server address")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'ftp://a'}}]\n", "is not a server address; write it as https://host:port")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: a, certificate-authority: /no/such/file}}]\n", "certificate-authority /no/such/file does not exist")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: a, certificate-authority-data: '!'}}]\n", "certificate-authority-data is not base64")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: a}}]\nusers: [{name: u, user: {exec: {}}}]\n", "signs in with exec, which this program does not run")]
    [InlineData("current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: a}}]\nusers: [{name: u, user: {client-key-data: YQ==}}]\n", "has client-key but no client-certificate")]
    [InlineData("a: b: c\n", "kubeconfig file:1:5: not valid YAML")]
    [InlineData("- a\n", "not a kubeconfig")]
    public void What_is_wrong_is_said_with_a_remedy(string yaml, string expected)
    {
        var error = Assert.Throws<KubeConfigException>(() => KubeConfig.FromText(yaml, "file").Resolve());
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_says_where_one_comes_from()
    {
        var error = Assert.Throws<KubeConfigException>(() => KubeConfig.Load("/no/such/kubeconfig"));
        Assert.Contains("no kubeconfig at /no/such/kubeconfig: `controlplane dev` writes one", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_written_file_is_for_its_owner_only()
    {
        var folder = Directory.CreateTempSubdirectory("kubeconfig");
        try
        {
            var path = Path.Combine(folder.FullName, "sub", "kubeconfig");
            KubeConfigWriter.Write(path, "old");
            KubeConfigWriter.Write(path, "new");
            Assert.Equal("new", File.ReadAllText(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static (string Certificate, string Key) NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
