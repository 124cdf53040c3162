using ControlPlane.Etcd.Leases;
using ControlPlane.Etcd.Services;
using ControlPlane.Etcd.Watches;
using ControlPlane.Replica;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.Etcd.Hosting;

/// <summary>The store served as etcd serves its own: the v3 protocol on one port, plain HTTP for probes on the same.</summary>
public sealed class EtcdHost : IAsyncDisposable
{
    // Of one message from a client: etcd's largest request and 512 KiB for what is around it.
    private const int ReceivedBytesMax = (3 << 19) + (512 << 10);

    // Go's clients put a whole program, watches included, on one connection.
    private const int StreamsPerConnection = 100_000;

    // A put of a few kilobytes must never wait for a window update.
    private const int WindowBytes = 1 << 20;

    private readonly WebApplication _app;
    private readonly WatchHub _hub;
    private readonly LeaderPresence _leader;
    private readonly Task _publishing;
    private bool _isDisposed;

    private EtcdHost(WebApplication app, WatchHub hub, LeaderPresence leader, Uri url, Task publishing)
    {
        (_app, _hub, _leader, Url, _publishing) = (app, hub, leader, url, publishing);
    }

    /// <summary>Where it listens, port filled in.</summary>
    public Uri Url { get; }

    /// <summary>Completes when the port is open. The store need not have a leader yet.</summary>
    /// <param name="store">Outlives the host; not disposed by it.</param>
    /// <param name="operations">The same member's; null where there is nothing to operate.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<EtcdHost> StartAsync(EtcdHostOptions options, IReplicatedStore store, IMemberOperations? operations, CancellationToken cancellationToken)
    {
        var urls = new ClientUrls(store, options.HasSecurePeers ? "https" : "http", options.TimeProvider);
        var hub = new WatchHub(store);
        var leader = new LeaderPresence(store, options.TimeProvider);
        var app = Build(options, new ServedStore(store, operations), urls, hub, leader);
        try
        {
            await app.StartAsync(cancellationToken);
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            var url = addresses.Select(address => new Uri(address)).First(address => address.Port > 0);
            urls.Own = options.AdvertisedUrls ?? [url.GetLeftPart(UriPartial.Authority)];
            return new EtcdHost(app, hub, leader, url, options.PublishesUrls ? PublishAsync(urls, hub.Stopping) : Task.CompletedTask);
        }
        catch
        {
            // The port is taken, say: leave nothing running behind.
            await app.DisposeAsync();
            await hub.DisposeAsync();
            await leader.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends streams, lets other calls finish for a moment, and closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _hub.DisposeAsync();
        await _publishing;
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _leader.DisposeAsync();
    }

    private static async Task PublishAsync(ClientUrls urls, CancellationToken stopping)
    {
        try
        {
            await urls.PublishAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped before the group had a leader; the next start does it.
            return;
        }
    }

    private static WebApplication Build(EtcdHostOptions options, ServedStore store, ClientUrls urls, WatchHub hub, LeaderPresence leader)
    {
        // The empty builder: no configuration files, no environment, no console, so nothing outside the options decides anything.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var port = new SharedPort();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options, port));
        // After Kestrel's own, which steps back for any other.
        builder.Services.AddSingleton<IConnectionListenerFactory>(port);
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (ReceivedBytesMax, null));
        builder.Services.AddSingleton<IServiceMethodProvider<KeyService>, KeyMethods>();
        builder.Services.AddSingleton<IServiceMethodProvider<WatchService>, WatchMethods>();
        // One object each for all calls: none of them keeps anything of a call.
        builder.Services.AddSingleton(store).AddSingleton(urls).AddSingleton(hub).AddSingleton(leader);
        builder.Services.AddSingleton(_ => new ProgressClock(options.TimeProvider, options.ProgressInterval));
        builder.Services.AddSingleton<LeaseRenewals>().AddSingleton<SidePaths>();
        builder.Services.AddSingleton<KeyService>().AddSingleton<WatchService>().AddSingleton<LeaseService>();
        builder.Services.AddSingleton<ClusterService>().AddSingleton<MaintenanceService>().AddSingleton<AuthService>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainPatience);

        var app = builder.Build();
        var side = app.Services.GetRequiredService<SidePaths>();
        app.Use((http, next) => side.ServeAsync(http, () => next(http)));
        app.UseRouting();
        app.MapGrpcService<KeyService>();
        app.MapGrpcService<WatchService>();
        app.MapGrpcService<LeaseService>();
        app.MapGrpcService<ClusterService>();
        app.MapGrpcService<MaintenanceService>();
        app.MapGrpcService<AuthService>();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, EtcdHostOptions options, SharedPort port)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        // A watch says nothing for hours, and its client may be suspended for minutes; gRPC's own limits bound a message.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.Http2.InitialConnectionWindowSize = WindowBytes;
        kestrel.Limits.Http2.InitialStreamWindowSize = WindowBytes;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        if (options.Tls is not { } tls)
        {
            kestrel.Listen(options.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(port.Sort);
            });
            kestrel.Listen(SharedPort.Http2, listen => listen.Protocols = HttpProtocols.Http2);
            return;
        }

        kestrel.Listen(options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = tls.Certificate,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (certificate, _, _) => tls.MayConnect(certificate),
            });
            listen.Use(SharedPort.Filter);
        });
    }
}
