using ControlPlane.Api.Kinds;
using ControlPlane.ApiServer.Clients;
using ControlPlane.ApiServer.Discovery;
using ControlPlane.ApiServer.Http;
using ControlPlane.ApiServer.Live;
using ControlPlane.ApiServer.Logs;
using ControlPlane.ApiServer.Pipeline;
using ControlPlane.ApiServer.Security;
using ControlPlane.Replica;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.ApiServer.Hosting;

/// <summary>A running API server.</summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    // client-go sends everything of a process, watches included, through one connection.
    private const int StreamsPerConnection = 1000;

    private readonly WebApplication _app;
    private readonly ApiPipeline _pipeline;
    private readonly CancellationTokenSource _stopping;
    private readonly Task _bootstrap;
    private bool _isStopped;

    private ApiServerHost(WebApplication app, ApiPipeline pipeline, CancellationTokenSource stopping, Task bootstrap, IReadOnlyList<Uri> addresses)
    {
        _app = app;
        _pipeline = pipeline;
        _stopping = stopping;
        _bootstrap = bootstrap;
        Addresses = addresses;
        Client = new InProcessClient(pipeline);
    }

    /// <summary>Where the server listens, ports filled in.</summary>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>The API for the server's own parts.</summary>
    public InProcessClient Client { get; }

    /// <summary>Completes when the system's namespaces, priority classes and addresses are in the store.</summary>
    public Task Ready => _bootstrap;

    /// <summary>Completes when the server listens. The store need not have a leader yet: <see cref="Ready"/> waits for that.</summary>
    /// <param name="store">Outlives the host; not disposed by it.</param>
    public static async Task<ApiServerHost> StartAsync(ApiServerOptions options, IReplicatedStore store, CancellationToken cancellationToken)
    {
        var stopping = new CancellationTokenSource();
        var logging = options.Logging ?? NullLoggerFactory.Instance;
        var authenticator = new Authenticator(options);
        // The first use of the kinds and of Kestrel cost about the same at start; two cores do both at once.
        var preparing = Task.Run(() => PreparePipeline(options, store), cancellationToken);
        var app = Build(options, preparing, authenticator, logging, stopping.Token);
        var pipeline = await preparing;
        try
        {
            // Known only once the server listens, read only by requests after that.
            var advertised = options.AdvertisedAddress ?? "";
            var bootstrap = new Bootstrap(pipeline, () => advertised, logging.CreateLogger<Bootstrap>());
            var middleware = Compose(options, store, pipeline, authenticator, bootstrap, () => advertised, logging, stopping.Token, out var agents);
            app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(15) });
            app.Use((http, next) => middleware.InvokeAsync(http, _ => next(http)));
            app.Use((http, next) => AgentStreamEndpoint.Serves(http.Request.Path) ? agents.ServeAsync(http) : next(http));
            app.UseRouting();
            app.MapHub<LiveHub>(LiveHub.Path);

            await app.StartAsync(cancellationToken);
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address)).ToList();
            if (advertised.Length == 0) advertised = addresses[0].Authority;
            return new ApiServerHost(app, pipeline, stopping, RunBootstrapAsync(bootstrap, stopping.Token), addresses);
        }
        catch
        {
            // The port is taken, say: leave nothing running behind.
            await app.DisposeAsync();
            await pipeline.DisposeAsync();
            stopping.Dispose();
            throw;
        }
    }

    /// <summary>Ends watches and streams, lets other requests finish for a while, and stops listening.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isStopped) return;
        _isStopped = true;
        await _stopping.CancelAsync();
        await _bootstrap;
        await _app.StopAsync(cancellationToken);
        await _app.DisposeAsync();
        await _pipeline.DisposeAsync();
        _stopping.Dispose();
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private static ApiPipeline PreparePipeline(ApiServerOptions options, IReplicatedStore store)
    {
        var pipeline = new ApiPipeline(store, options.Registry, options.Time, options.Ids);
        _ = KindRules.For(Namespace.Resource);
        return pipeline;
    }

    private static WebApplication Build(ApiServerOptions options, Task<ApiPipeline> pipeline, Authenticator authenticator, ILoggerFactory logging, CancellationToken stopping)
    {
        // The empty builder: no configuration files, no environment, no console, so nothing outside the options decides anything, and it starts fast.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options, authenticator));
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddSingleton(logging);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(new LiveContext(pipeline, options.Authorizer, stopping));
        builder.Services.AddSignalR().AddMessagePackProtocol();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainPatience);
        return builder.Build();
    }

    private static void Listen(KestrelServerOptions kestrel, ApiServerOptions options, Authenticator authenticator)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestBody.DrainedSizeMax;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(3);
        // A watcher may be suspended for minutes and come back; what it costs here is bounded.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        foreach (var endpoint in options.Listen)
        {
            kestrel.Listen(endpoint, listen =>
            {
                listen.Protocols = options.ServerCertificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
                if (options.ServerCertificate is null) return;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = options.ServerCertificate,
                    ClientCertificateMode = options.ClientAuthority is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.AllowCertificate,
                    ClientCertificateValidation = (certificate, _, _) => authenticator.IsTrusted(certificate),
                });
            });
        }
    }

    private static ApiMiddleware Compose(
        ApiServerOptions options,
        IReplicatedStore store,
        ApiPipeline pipeline,
        Authenticator authenticator,
        Bootstrap bootstrap,
        Func<string> address,
        ILoggerFactory logging,
        CancellationToken stopping,
        out AgentStreamEndpoint agentStreams)
    {
        var answers = new AnswerWriter(options.Yaml, options.Time);
        var counters = new RequestCounters();
        var agents = new AgentConnections(options.Time);
        agentStreams = new AgentStreamEndpoint(agents, stopping);
        var resources = new ResourceEndpoint(
            pipeline,
            new RequestBody(options.Yaml),
            answers,
            new WatchEndpoint(pipeline, answers, stopping),
            new SelfReviews(options.Authorizer),
            new LogEndpoint(pipeline, agents));
        return new ApiMiddleware(
            authenticator,
            options.Authorizer,
            options.Registry,
            resources,
            new DiscoveryEndpoint(options.Registry, address),
            new ServerEndpoint(options, store, pipeline.Feeds, bootstrap, counters, new MemberEndpoint(store, store as IMemberOperations), stopping),
            answers,
            counters,
            logging.CreateLogger<ApiMiddleware>());
    }

    private static async Task RunBootstrapAsync(Bootstrap bootstrap, CancellationToken stopping)
    {
        try
        {
            await bootstrap.RunAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped before the group had a leader; the next start does it.
            return;
        }
    }
}
