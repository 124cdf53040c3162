using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;

namespace ControlPlane.Replica.Peers;

/// <summary>Makes and takes connections between members: TCP, TLS when configured, hello and welcome.</summary>
internal sealed class PeerConnector(Guid clusterId, ReplicaId self, PeerTls? tls)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    public Guid ClusterId => clusterId;

    public ReplicaId Self => self;

    /// <exception cref="IOException">Not reachable, or it does not want us; the message says why.</exception>
    public async Task<Stream> ConnectAsync(string address, ReplicaId peer, ConnectionKind kind, CancellationToken cancellationToken)
    {
        var (host, port) = PeerAddress.SplitAddress(address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null) stream = await SecureAsync(stream, host, tls, cancellationToken);
            await Frame.WriteAsync(stream, new Hello(Hello.CurrentVersion, clusterId, self, peer, kind).Encode(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            var welcome = await Frame.ReadAsync(stream, cancellationToken) ?? throw new IOException($"{address} closed the connection without a word");
            var refusal = Welcome.Decode(welcome);
            if (refusal.Length > 0) throw new IOException($"{address} refuses: {refusal}");
            return stream;
        }
        catch (Exception exception) when (exception is SocketException or AuthenticationException or InvalidDataException or IOException)
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw exception as IOException ?? new IOException($"connect to {address}: {exception.Message}", exception);
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes a connection in; null when it was refused, which the caller was told.</summary>
    public async Task<(Stream Stream, Hello Hello)?> AcceptAsync(Socket socket, CancellationToken cancellationToken)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            if (tls is not null) stream = await SecureAsync(stream, tls, cancellationToken);
            var first = await Frame.ReadAsync(stream, cancellationToken);
            if (first is null)
            {
                await stream.DisposeAsync();
                return null;
            }

            var hello = Hello.Decode(first);
            var refusal = RefusalOf(hello);
            await Frame.WriteAsync(stream, Welcome.Encode(refusal), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            if (refusal.Length == 0) return (stream, hello);
            await stream.DisposeAsync();
            return null;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private string RefusalOf(Hello hello)
    {
        if (hello.Version != Hello.CurrentVersion) return $"this member speaks version {Hello.CurrentVersion} between members, not {hello.Version}";
        if (hello.ClusterId != clusterId) return $"this member belongs to cluster {clusterId}, not {hello.ClusterId}; are the initial clusters the same?";
        if (hello.To != self) return $"this is member {self}, not {hello.To}; is the address right?";
        return Enum.IsDefined(hello.Kind) ? "" : $"unknown kind of connection: {(int)hello.Kind}";
    }

    private static async Task<Stream> SecureAsync(Stream inner, string host, PeerTls tls, CancellationToken cancellationToken)
    {
        var secured = new SslStream(inner);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificates = [tls.Certificate],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => tls.Certificate,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsServerOfOurs(certificate, tls),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            },
            cancellationToken);
        return secured;
    }

    private static async Task<Stream> SecureAsync(Stream inner, PeerTls tls, CancellationToken cancellationToken)
    {
        var secured = new SslStream(inner);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = tls.Certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsServerOfOurs(certificate, tls),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            },
            cancellationToken);
        return secured;
    }

    // Both sides of a connection between members are servers, whoever called.
    private static bool IsServerOfOurs(X509Certificate? certificate, PeerTls tls)
    {
        if (certificate is null) return false;
        using var peer = new X509Certificate2(certificate);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(tls.Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        return chain.Build(peer);
    }
}
