using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using ControlPlane.Agent.Logs;
using ControlPlane.Api.Wire;
using ControlPlane.Client;

namespace ControlPlane.Agent.Streams;

/// <summary>The stream to one server: says hello, answers requests for logs, and comes back after every cut.</summary>
internal sealed class AgentStreamConnection : IAsyncDisposable
{
    // Requests are short; what is longer is not one.
    private const int MessageSizeMaxBytes = 64 * 1024;

    private readonly Uri _address;
    private readonly AgentOptions _options;
    private readonly IReadOnlyList<string> _nodes;
    private readonly LogDesk _logs;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public AgentStreamConnection(Uri address, AgentOptions options, IReadOnlyList<string> nodes, LogDesk logs)
    {
        _address = address;
        _options = options;
        _nodes = nodes;
        _logs = logs;
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var socket = await (_options.ConnectStreamAsync ?? AgentStreams.ConnectPlainlyAsync)(_address, cancellationToken);
                await using var session = new Session(socket, _logs);
                await session.SendAsync(new() { Hello = new(_nodes) }, cancellationToken);
                if (failures > 0) _options.Notice($"log stream to {_address.Authority} is open again");
                failures = 0;
                await session.RunAsync(cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                if (failures == 0) _options.Notice($"log stream to {_address.Authority} interrupted: {exception.Message}; trying again");
            }
            catch (OperationCanceledException)
            {
                return;
            }

            failures++;
            try
            {
                await Task.Delay(Backoff.Connections.After(failures, Random.Shared.NextDouble()), _options.Time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One connected socket and the requests on it.</summary>
    private sealed class Session(WebSocket socket, LogDesk logs) : IAsyncDisposable
    {
        private readonly SemaphoreSlim _sending = new(1, 1);
        private readonly CancellationTokenSource _ending = new();
        private readonly ConcurrentDictionary<int, Request> _requests = new();

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            var buffer = new byte[MessageSizeMaxBytes];
            while (await ReceiveAsync(buffer, cancellationToken) is { } message)
            {
                if (message.OpenLog is { } open) Open(open);
                else if (message.Close is { } close && _requests.TryGetValue(close.Id, out var request)) request.Stop();
            }
        }

        public async Task SendAsync(AgentStreamMessage message, CancellationToken cancellationToken)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(message, AgentStreamJson.Default.AgentStreamMessage);
            await _sending.WaitAsync(cancellationToken);
            try
            {
                await socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            }
            finally
            {
                _sending.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            foreach (var request in _requests.Values) await request.Serving;
            _ending.Dispose();
            _sending.Dispose();
        }

        /// <summary>The next message, or null when the server closed the stream.</summary>
        private async Task<AgentStreamMessage?> ReceiveAsync(byte[] buffer, CancellationToken cancellationToken)
        {
            var count = 0;
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(count), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close) return null;
                count += part.Count;
                if (part.EndOfMessage) return JsonSerializer.Deserialize(buffer.AsSpan(0, count), AgentStreamJson.Default.AgentStreamMessage);
                if (count == buffer.Length) throw new WebSocketException($"a message of more than {MessageSizeMaxBytes} bytes");
            }
        }

        private void Open(LogRequest request)
        {
            var open = new Request(CancellationTokenSource.CreateLinkedTokenSource(_ending.Token));
            _requests[request.Id] = open;
            open.Serving = ServeAsync(request, open);
        }

        private async Task ServeAsync(LogRequest request, Request open)
        {
            // Off the receiving loop at once, so that a long log does not keep it from hearing "close".
            await Task.Yield();
            try
            {
                AgentRefusal? refusal;
                try
                {
                    refusal = await logs.ServeAsync(request, (chunk, token) => SendChunkAsync(request.Id, chunk, token), open.Token);
                }
                catch (IOException exception)
                {
                    refusal = new(500, "InternalError", $"reading the log: {exception.Message}");
                }

                await SendAsync(new() { End = new(request.Id, refusal) }, open.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or ObjectDisposedException)
            {
                // The reader has gone, or the stream was cut: nobody is left to tell.
            }
            finally
            {
                _requests.TryRemove(request.Id, out _);
                open.Dispose();
            }
        }

        private async Task SendChunkAsync(int id, ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
        {
            var frame = ArrayPool<byte>.Shared.Rent(chunk.Length + sizeof(int));
            try
            {
                BinaryPrimitives.WriteInt32LittleEndian(frame, id);
                chunk.CopyTo(frame.AsMemory(sizeof(int)));
                await _sending.WaitAsync(cancellationToken);
                try
                {
                    // Not cancelled half-way: a cut frame would end the stream for everybody on it.
                    await socket.SendAsync(frame.AsMemory(0, chunk.Length + sizeof(int)), WebSocketMessageType.Binary, endOfMessage: true, _ending.Token);
                }
                finally
                {
                    _sending.Release();
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(frame);
            }
        }
    }

    /// <summary>One log being sent.</summary>
    private sealed class Request(CancellationTokenSource cancel) : IDisposable
    {
        private readonly Lock _gate = new();
        private bool _isDisposed;

        public CancellationToken Token { get; } = cancel.Token;

        public Task Serving { get; set; } = Task.CompletedTask;

        /// <summary>May come when the request has just ended by itself.</summary>
        public void Stop()
        {
            lock (_gate)
            {
                if (!_isDisposed) cancel.Cancel();
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isDisposed = true;
                cancel.Dispose();
            }
        }
    }
}
