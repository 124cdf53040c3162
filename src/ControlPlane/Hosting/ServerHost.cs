using System.Diagnostics;
using ControlPlane.Api.Clients;
using ControlPlane.ApiServer.Hosting;
using ControlPlane.ApiServer.Security;
using ControlPlane.Controllers;
using ControlPlane.Controllers.Scheduling;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Replica;
using ControlPlane.Security;

namespace ControlPlane.Hosting;

/// <summary>One server: the log, the API on top of it, and, while it leads, the controllers and the scheduler.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly OpenedStore _opened;
    private readonly ApiServerHost _api;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _duties;
    private DashboardHost? _dashboard;
    private EtcdHost? _etcd;

    private ServerHost(OpenedStore opened, ApiServerHost api, ClusterIdentity identity, ConsoleLog log)
    {
        _opened = opened;
        _api = api;
        Identity = identity;
        var controllers = new ControllerRuntime(
            api.Client,
            new ControllerOptions { CaCertificate = identity.AuthorityPem },
            notify: notice => log.Write(notice.ToString()),
            others: context => new SchedulingLoop(context));
        _duties = new LeaderDuties(opened.Store, controllers.RunAsync, log.Write).RunAsync(_stopping.Token);
    }

    public ClusterIdentity Identity { get; }

    /// <summary>The API for parts in this process.</summary>
    public IResourceClient Client => _api.Client;

    /// <summary>Where clients reach the API.</summary>
    public Uri Url => _api.Addresses[0];

    /// <summary>A link that logs a browser in once; null without a dashboard.</summary>
    public Uri? DashboardLogin => _dashboard?.Login;

    /// <summary>Where etcd's clients reach the store; null when they do not.</summary>
    public Uri? EtcdUrl => _etcd?.Url;

    /// <summary>How long this process has been running.</summary>
    public static TimeSpan SinceProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return TimeProvider.System.GetUtcNow() - process.StartTime.ToUniversalTime();
    }

    /// <summary>Completes when the API answers; a server of a group waits for a leader, and says so when that takes long.</summary>
    /// <exception cref="CommandException">A port is taken, or the data folder cannot be used; the message says what to do.</exception>
    public static async Task<ServerHost> StartAsync(ServerSettings settings, ConsoleLog log, CancellationToken cancellationToken)
    {
        string[] hosts = settings.Advertise is { } advertised ? [settings.Listen.Address.ToString(), advertised[..advertised.LastIndexOf(':')]] : [settings.Listen.Address.ToString()];
        var identity = OpenIdentity(settings.DataFolder, hosts);
        var opened = await OpenedStore.OpenAsync(settings, identity, log, cancellationToken);
        try
        {
            var api = await ListenAsync(settings, identity, opened.Store, log, cancellationToken);
            var server = new ServerHost(opened, api, identity, log);
            try
            {
                if (settings.EtcdListen is not null && opened.Member is { } member) server._etcd = await EtcdFace.StartAsync(settings, identity, member, log, cancellationToken);
                await server.WaitUntilReadyAsync(log, cancellationToken);
                if (settings.DashboardListen is { } listen) server._dashboard = await DashboardHost.StartAsync(listen, api.Client, identity, log, cancellationToken);
                return server;
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Serves until cancelled. Fails when the work of a leader fails.</summary>
    public async Task RunUntilAsync(CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(cancelled.SetResult);
        await await Task.WhenAny(cancelled.Task, _duties, _opened.Expelled);
        ThrowIfExpelled();
    }

    // The store takes part in nothing any more; a server that stayed would only look alive.
    private void ThrowIfExpelled()
    {
        if (_opened.Expelled is { IsCompletedSuccessfully: true, Result: var reason }) throw new CommandException(reason);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _duties;
        if (_dashboard is not null) await _dashboard.DisposeAsync();
        if (_etcd is not null) await _etcd.DisposeAsync();
        await _api.DisposeAsync();
        await _opened.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task WaitUntilReadyAsync(ConsoleLog log, CancellationToken cancellationToken)
    {
        for (var patience = TimeSpan.FromSeconds(1); ; patience = TimeSpan.FromSeconds(5))
        {
            try
            {
                await Task.WhenAny(_api.Ready, _opened.Expelled).WaitAsync(patience, cancellationToken);
                ThrowIfExpelled();
                await _api.Ready;
                return;
            }
            catch (TimeoutException)
            {
                log.Write($"waiting for a leader of {string.Join(", ", _opened.Store.Members.Select(member => $"{member.Name} ({member.PeerAddress})"))} …");
            }
        }
    }

    private static ClusterIdentity OpenIdentity(string dataFolder, string[] hosts)
    {
        try
        {
            return ClusterIdentity.OpenOrCreate(dataFolder, hosts, TimeProvider.System);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot use {dataFolder} as data folder: {refused.Message} Choose a folder this user may write to with --data.");
        }
    }

    private static async Task<ApiServerHost> ListenAsync(ServerSettings settings, ClusterIdentity identity, IReplicatedStore store, ConsoleLog log, CancellationToken cancellationToken)
    {
        var token = JoinToken.Parse(identity.JoinToken);
        try
        {
            return await ApiServerHost.StartAsync(new ApiServerOptions
            {
                Listen = [settings.Listen],
                ServerCertificate = identity.Server.ToCertificate(),
                ClientAuthority = identity.Authority,
                AuthorityPem = identity.AuthorityPem,
                Tokens = new Dictionary<string, Caller> { [token.Secret] = new("system:joining-agent", [Caller.Nodes, Caller.Authenticated]) },
                Yaml = new YamlCodec(),
                AdvertisedAddress = settings.Advertise,
                Logging = log,
            }, store, cancellationToken);
        }
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException || taken.Message.Contains("in use"))
        {
            throw new CommandException($"cannot listen on {settings.Listen}: another program uses that port. Choose another --listen (port 0 is any free port), or stop the other one.");
        }
    }
}
