using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.Agent;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;

namespace ControlPlane.Hosting;

/// <summary>Gives an agent its ways to the servers: the API over HTTPS, and WebSockets with the same credentials.</summary>
internal sealed class AgentConnector : IDisposable
{
    private readonly ApiConnection _connection;
    private readonly ClientConfig _config;
    private readonly HttpMessageInvoker _sockets;

    public AgentConnector(ClientConfig config)
    {
        _config = config;
        _connection = new ApiConnection(config);
        Client = new HttpResourceClient(_connection);
        var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(config.CertificateAuthorities);
        if (config.ClientCertificate is { } certificate) handler.SslOptions.ClientCertificates = [certificate];
        _sockets = new HttpMessageInvoker(handler);
    }

    public HttpResourceClient Client { get; }

    /// <summary>Options of an agent on these connections; the caller adds the rest.</summary>
    public AgentOptions Options(string dataFolder) => new()
    {
        Client = Client,
        DataDirectory = dataFolder,
        Servers = _config.Servers,
        ConnectStreamAsync = ConnectAsync,
        OnServersKnown = servers => _connection.LearnServers(servers),
    };

    public void Dispose()
    {
        _sockets.Dispose();
        _connection.Dispose();
    }

    private async Task<WebSocket> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(15);
        socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(15);
        if (_config.BearerToken is { } token) socket.Options.SetRequestHeader("Authorization", $"Bearer {token()}");
        try
        {
            await socket.ConnectAsync(address, _sockets, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
