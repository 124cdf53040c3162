using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Etcd.Protocol;
using Grpc.Core;
using Grpc.Net.Client;
using LeaseService = ControlPlane.Etcd.Protocol.Lease;
using WatchService = ControlPlane.Etcd.Protocol.Watch;

namespace ControlPlane.Etcd.Client;

/// <summary>The services of one member of etcd. Connects when first used, and again after it broke.</summary>
internal sealed class EtcdConnection : IDisposable
{
    // A connection that black-holes is noticed in 15 s even when nobody asks. etcd closes connections that ping more often than every 5 s.
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly GrpcChannel _channel;

    public EtcdConnection(Uri endpoint, EtcdCredentials? credentials)
    {
        Endpoint = endpoint;
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
        };
        if (credentials is not null) handler.SslOptions = SslOptionsOf(credentials);
        _channel = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            // A page of records or the events of many revisions may be large; etcd bounds what it sends.
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
            // The usual ones grow to two minutes, in which calls fail without a try.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromSeconds(1),
        });
        Keys = new KV.KVClient(_channel);
        Watches = new WatchService.WatchClient(_channel);
        Leases = new LeaseService.LeaseClient(_channel);
        Maintenance = new Maintenance.MaintenanceClient(_channel);
    }

    public Uri Endpoint { get; }

    public KV.KVClient Keys { get; }

    public WatchService.WatchClient Watches { get; }

    public LeaseService.LeaseClient Leases { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    /// <summary>Asks etcd to end a stream when its member has lost the leader, rather than stay silent.</summary>
    public static Metadata NeedsLeader() => new() { { "hasleader", "true" } };

    public void Dispose() => _channel.Dispose();

    private static SslClientAuthenticationOptions SslOptionsOf(EtcdCredentials credentials)
    {
        var options = new SslClientAuthenticationOptions();
        if (credentials.Certificate is { } certificate) options.ClientCertificates = [certificate];
        if (credentials.Authorities.Count == 0) return options;
        options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(credentials.Authorities);
        return options;
    }
}
