using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Members;

namespace ControlPlane.Replica.Peers;

/// <summary>Makes and takes connections between members: TCP, TLS when configured, hello and welcome.</summary>
/// <param name="self">This member; its cluster and id are empty while it joins.</param>
/// <param name="own">What it says about itself.</param>
/// <param name="address">Where it listens for peers, as its operator told it; empty when not.</param>
/// <param name="guests">Who is let in; null on a member that only calls.</param>
internal sealed class PeerConnector(MemberIdentity self, Introduction own, string address, PeerTls? tls, GuestList? guests)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <exception cref="RefusedException">It does not want us; the message says why.</exception>
    /// <exception cref="IOException">Not reachable.</exception>
    public async Task<Stream> ConnectAsync(string target, ReplicaId peer, ConnectionKind kind, CancellationToken cancellationToken)
    {
        var (host, port) = PeerAddress.SplitAddress(target);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            SocketPatience.Apply(socket);
            await socket.ConnectAsync(host, port, cancellationToken);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null) stream = await SecureAsync(stream, host, tls, cancellationToken);
            await Frame.WriteAsync(stream, new Hello(Hello.CurrentVersion, self.ClusterId, new ReplicaId(self.MemberId), peer, kind, own, address).Encode(), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            var answer = await Frame.ReadAsync(stream, cancellationToken) ?? throw new IOException($"{target} closed the connection without a word");
            var welcome = Welcome.Decode(answer);
            if (welcome.Refusal != Refusal.None) throw new RefusedException(welcome.Refusal, $"{target} refuses: {welcome.Reason}");
            return stream;
        }
        catch (Exception exception) when (exception is SocketException or AuthenticationException or InvalidDataException or IOException)
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw exception as IOException ?? new IOException($"connect to {target}: {exception.Message}", exception);
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes a connection in; null when it was refused, which the caller was told.</summary>
    public async Task<(Stream Stream, Hello Hello)?> AcceptAsync(Socket socket, Action<string> notice, CancellationToken cancellationToken)
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
            var welcome = guests!.Judge(hello);
            await Frame.WriteAsync(stream, welcome.Encode(), cancellationToken);
            if (welcome.Refusal == Refusal.None && guests.AnswerTo(hello) is { } answer && hello.Kind == ConnectionKind.Join)
            {
                await Frame.WriteAsync(stream, answer.Encode(), cancellationToken);
            }

            await stream.FlushAsync(cancellationToken);
            if (welcome.Refusal == Refusal.None && hello.Kind != ConnectionKind.Join) return (stream, hello);
            if (welcome.Refusal is Refusal.Removed or Refusal.DataGone or Refusal.ProgramTooOld) notice(welcome.Reason);
            // The caller has the last word, so that what was just written is read before the connection goes.
            await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, cancellationToken);
            await stream.DisposeAsync();
            return null;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
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
