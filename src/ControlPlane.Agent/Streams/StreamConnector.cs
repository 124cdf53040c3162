using System.Net.WebSockets;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;

namespace ControlPlane.Agent.Streams;

/// <summary>Opens WebSockets with the credentials of a client configuration.</summary>
public static class StreamConnector
{
    /// <summary>For <see cref="AgentOptions.ConnectStreamAsync"/>.</summary>
    public static Func<Uri, CancellationToken, Task<WebSocket>> For(ClientConfig config)
    {
        // Shared by all streams: it lives as long as the agent.
        var invoker = new HttpMessageInvoker(ApiConnection.NewHandler(config));
        return async (address, cancellationToken) =>
        {
            var socket = new ClientWebSocket();
            try
            {
                if (config.BearerToken is { } token) socket.Options.SetRequestHeader("Authorization", $"Bearer {token()}");
                socket.Options.SetRequestHeader("User-Agent", config.UserAgent);
                await socket.ConnectAsync(address, invoker, cancellationToken);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
    }
}
