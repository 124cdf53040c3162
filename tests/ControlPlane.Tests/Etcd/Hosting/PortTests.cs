using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using Grpc.Core;
using Grpc.Net.Client;
using static ControlPlane.Tests.Etcd.Face;

namespace ControlPlane.Tests.Etcd.Hosting;

/// <summary>One port for gRPC and plain HTTP, with and without TLS.</summary>
public sealed class PortTests
{
    [Theory]
    [InlineData("/health", "{\"health\":\"true\"}")]
    [InlineData("/livez", "ok")]
    [InlineData("/readyz", "ok")]
    [InlineData("/version", "\"etcdserver\":\"3.5.")]
    [InlineData("/metrics", "\nprocess_resident_memory_bytes ")]
    public async Task Plain_http_is_answered_on_the_port_of_grpc(string path, string expected)
    {
        await using var face = await StartAsync();
        await face.PutAsync("a", "1");
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var client = new HttpClient { DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
            Assert.Contains(expected, await client.GetStringAsync(new Uri(face.Url, path)));
        }
    }

    [Fact]
    public async Task A_connection_whose_opening_comes_byte_by_byte_is_served_all_the_same()
    {
        await using var face = await StartAsync();
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, face.Url.Port);
        var stream = socket.GetStream();
        foreach (var one in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray()) await stream.WriteAsync(new[] { one });
        var header = new byte[9];
        await stream.ReadExactlyAsync(header);
        Assert.Equal(4, header[3]); // A SETTINGS frame: HTTP/2 is spoken.

        using var plain = new TcpClient { NoDelay = true };
        await plain.ConnectAsync(IPAddress.Loopback, face.Url.Port);
        foreach (var one in "PUT /version HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"u8.ToArray()) await plain.GetStream().WriteAsync(new[] { one });
        await plain.GetStream().ReadExactlyAsync(header);
        Assert.Equal("HTTP/1.1 "u8, header);
    }

    [Fact]
    public async Task A_taken_port_is_an_error_and_nothing_is_left_running()
    {
        await using var face = await StartAsync();
        await Assert.ThrowsAsync<IOException>(() => StartAsync(options => options with { Listen = new IPEndPoint(IPAddress.Loopback, face.Url.Port) }));
    }

    [Fact]
    public async Task With_tls_only_clients_with_a_certificate_that_may_connect_are_served()
    {
        using var server = Certificate("127.0.0.1");
        using var welcome = Certificate("welcome");
        using var stranger = Certificate("stranger");
        var options = new EtcdHostOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = new EtcdTls(server, certificate => certificate.Thumbprint == welcome.Thumbprint),
        };
        await using var host = await EtcdHost.StartAsync(options, new LocalStore(), null, CancellationToken.None);
        Assert.Equal("https", host.Url.Scheme);

        Assert.Equal(1, await PutAsync(welcome));
        await Assert.ThrowsAsync<RpcException>(() => PutAsync(stranger));
        await Assert.ThrowsAsync<RpcException>(() => PutAsync(null));

        async Task<long> PutAsync(X509Certificate2? certificate)
        {
            using var handler = new SocketsHttpHandler();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == server.Thumbprint;
            if (certificate is not null) handler.SslOptions.ClientCertificates = [certificate];
            using var channel = GrpcChannel.ForAddress(host.Url, new GrpcChannelOptions { HttpHandler = handler });
            return (await new KV.KVClient(channel).PutAsync(new PutRequest { Key = Bytes("a") })).Header.Revision;
        }
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
