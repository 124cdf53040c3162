using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.Replica;

namespace ControlPlane.Tests.ApiServer.Security;

public sealed class CertificateTests
{
    [Fact]
    public async Task A_client_certificate_of_the_clusters_ca_names_its_user_and_groups_and_another_is_nobody()
    {
        using var authority = Issuer.Create("CN=cluster");
        using var stranger = Issuer.Create("CN=stranger");
        var options = ServerFixture.Options() with
        {
            ServerCertificate = authority.Issue("CN=server", isServer: true),
            ClientAuthority = authority.Certificate,
        };
        await using var host = await ApiServerHost.StartAsync(options, new LocalStore(), CancellationToken.None);
        await host.Ready.WaitAsync(ServerFixture.Deadline);

        using (var admin = Client(host, authority.Issue("CN=alice, O=system:masters", isServer: false)))
        {
            var (code, me) = await ServerFixture.SendAsync(admin, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}");
            Assert.Equal(201, code);
            Assert.Equal("alice", me!["status"]!["userInfo"]!["username"]!.ToString());
            Assert.Equal(["system:masters", "system:authenticated"], me["status"]!["userInfo"]!["groups"]!.AsArray().Select(group => group!.ToString()));
        }

        using (var unknown = Client(host, stranger.Issue("CN=alice, O=system:masters", isServer: false)))
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => unknown.GetAsync("/api/v1/namespaces"));
        }

        using var nobody = Client(host, null);
        Assert.Equal(401, (await ServerFixture.SendAsync(nobody, "GET", "/api/v1/namespaces")).Code);
    }

    private static HttpClient Client(ApiServerHost host, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (certificate is not null) handler.SslOptions.ClientCertificates = [certificate];
        return new HttpClient(handler) { BaseAddress = host.Addresses[0], DefaultRequestVersion = HttpVersion.Version20, Timeout = ServerFixture.Deadline };
    }

    private sealed class Issuer(ECDsa key, X509Certificate2 certificate) : IDisposable
    {
        public X509Certificate2 Certificate => certificate;

        public static Issuer Create(string subject)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            return new Issuer(key, request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2)));
        }

        public X509Certificate2 Issue(string subject, bool isServer)
        {
            using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(subject, own, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
            using var issued = request.Create(certificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1, 2, 3, 4]);
            using var both = issued.CopyWithPrivateKey(own);
            return X509CertificateLoader.LoadPkcs12(both.Export(X509ContentType.Pfx), null);
        }

        public void Dispose()
        {
            certificate.Dispose();
            key.Dispose();
        }
    }
}
