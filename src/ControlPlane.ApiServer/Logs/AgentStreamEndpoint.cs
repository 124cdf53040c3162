using System.Net.WebSockets;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Wire;
using Microsoft.AspNetCore.Http;

namespace ControlPlane.ApiServer.Logs;

/// <summary>Takes the streams that agents open (<see cref="AgentStream.Path"/>).</summary>
internal sealed class AgentStreamEndpoint(AgentConnections agents, CancellationToken stopping)
{
    public static bool Serves(PathString path) => path == AgentStream.Path;

    public async Task ServeAsync(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest) throw ApiErrors.BadRequest($"{AgentStream.Path} is a WebSocket; this request asks for no upgrade");
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await new AgentConnection(socket, agents).RunAsync(ending.Token);
            if (socket.State == WebSocketState.CloseReceived) await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ending.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
        {
            // The agent went without a word, or the server stops: either way the agent dials again.
            socket.Abort();
        }
    }
}
