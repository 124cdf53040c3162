using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace ControlPlane.Replica.Peers;

/// <summary>Takes connections of peers and hands out what they say.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private static readonly TimeSpan HelloTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<Task> _connections = [];
    private readonly PeerConnector _connector;
    private readonly Action<string> _notice;
    private readonly Func<Stream, Hello, CancellationToken, Task> _serve;
    private readonly TcpListener _listener;
    private readonly Task _accepting;

    /// <param name="serve">Serves one connection to its end; its stream is disposed afterwards.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public PeerListener(PeerConnector connector, string address, Action<string> notice, Func<Stream, Hello, CancellationToken, Task> serve)
    {
        (_connector, _notice, _serve) = (connector, notice, serve);
        var (host, port) = PeerAddress.SplitAddress(address);
        _listener = new TcpListener(Resolve(host), port);
        try
        {
            _listener.Start();
        }
        catch (SocketException problem)
        {
            throw new IOException($"listen for peers on {address}: {problem.Message}", problem);
        }

        _accepting = Task.Run(AcceptAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        Task[] open;
        lock (_connections) open = [.. _connections];
        await Task.WhenAll(open);
        _stopping.Dispose();
    }

    private static IPAddress Resolve(string host)
    {
        if (host is "*" or "0.0.0.0") return IPAddress.Any;
        if (IPAddress.TryParse(host, out var address)) return address;
        return Dns.GetHostAddresses(host).FirstOrDefault() ?? throw new IOException($"the host '{host}' has no address");
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stopping.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException problem)
            {
                _notice($"accept a peer's connection: {problem.Message}");
                continue;
            }

            SocketPatience.Apply(socket);
            var connection = ServeAsync(socket);
            lock (_connections) _connections.Add(connection);
            _ = connection.ContinueWith(
                ended =>
                {
                    lock (_connections) _connections.Remove(ended);
                },
                TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var remote = socket.RemoteEndPoint;
        try
        {
            if (await GreetAsync(socket) is not { } greeted) return;
            await using var stream = greeted.Stream;
            await _serve(stream, greeted.Hello, _stopping.Token);
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException or AuthenticationException or SocketException or OperationCanceledException)
        {
            if (!_stopping.IsCancellationRequested && problem is InvalidDataException or AuthenticationException) _notice($"connection from {remote}: {problem.Message}");
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async Task<(Stream Stream, Hello Hello)?> GreetAsync(Socket socket)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeout.CancelAfter(HelloTimeout);
        return await _connector.AcceptAsync(socket, _notice, timeout.Token);
    }
}
