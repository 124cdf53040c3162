using System.Collections.Immutable;
using System.Net.WebSockets;
using ControlPlane.Agent.Logs;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;

namespace ControlPlane.Agent.Streams;

/// <summary>Keeps one stream open to every server, so that whichever server is asked for a log can get it. Servers are those that Endpoints
/// <c>default/kubernetes</c> names; the configured ones until it names any.</summary>
internal sealed class AgentStreams : IAsyncDisposable
{
    // A server that joined is used at the latest after so long; logs through the others work meanwhile.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly AgentOptions _options;
    private readonly IReadOnlyList<string> _nodes;
    private readonly LogDesk _logs;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Uri, AgentStreamConnection> _connections = [];
    private volatile ImmutableList<Uri> _servers;
    private Task _looking = Task.CompletedTask;

    public AgentStreams(AgentOptions options, IReadOnlyList<string> nodes, LogDesk logs)
    {
        _options = options;
        _nodes = nodes;
        _logs = logs;
        _servers = [.. options.Servers];
    }

    /// <summary>Where the API answers, or null when not known.</summary>
    public Uri? AnyServer => _servers.FirstOrDefault();

    public void Start() => _looking = LookAsync(_stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _looking;
        foreach (var connection in _connections.Values) await connection.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await ConnectAsync();
                _servers = await DiscoverAsync(cancellationToken);
                _options.OnServersKnown([.. _servers]);
                await ConnectAsync();
                await Task.Delay(LookInterval, _options.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task ConnectAsync()
    {
        foreach (var server in _servers)
        {
            if (!_connections.ContainsKey(server)) _connections[server] = new(StreamAddress(server), _options, _nodes, _logs);
        }

        foreach (var gone in _connections.Keys.Where(server => !_servers.Contains(server)).ToList())
        {
            if (!_connections.Remove(gone, out var connection)) continue;
            await connection.DisposeAsync();
        }
    }

    private async Task<ImmutableList<Uri>> DiscoverAsync(CancellationToken cancellationToken)
    {
        try
        {
            var found = await _options.Client.GetAsync(new ResourceKey(Endpoints.Resource, "default", "kubernetes"), cancellationToken);
            var servers = found.As<Endpoints>().Subsets
                .SelectMany(subset => subset.Addresses.SelectMany(address => subset.Ports.Select(port => new UriBuilder(port.Name == "http" ? "http" : "https", address.Ip, port.Port).Uri)))
                .ToImmutableList();
            return servers.IsEmpty ? [.. _options.Servers] : servers;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Not there yet, or the API is away: go on with what is known.
            if (exception is ApiException { IsNotFound: true }) return [.. _options.Servers];
            return _servers;
        }
    }

    private static Uri StreamAddress(Uri server) =>
        new UriBuilder(server) { Scheme = server.Scheme == Uri.UriSchemeHttp ? "ws" : "wss", Path = AgentStream.Path }.Uri;

    /// <summary>Without credentials, for servers that want none.</summary>
    public static async Task<WebSocket> ConnectPlainlyAsync(Uri address, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
