using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Wire;

namespace ControlPlane.ApiServer.Logs;

/// <summary>One agent's stream to this server. One task reads it; anybody opens logs on it.</summary>
internal sealed class AgentConnection(WebSocket socket, AgentConnections connections)
{
    // A slow reader of a log holds this many chunks here; beyond that the whole stream waits, and TCP tells the agent.
    private const int ChunksMax = 256;
    private const int MessageBytesMax = 1024 * 1024;

    private readonly ConcurrentDictionary<int, OpenLog> _logs = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private int _lastId;

    /// <summary>Reads until the agent leaves or the server stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new ArrayBufferWriter<byte>(64 * 1024);
            while (await ReadMessageAsync(buffer, cancellationToken) is { } type)
            {
                if (type == WebSocketMessageType.Text) Handle(JsonSerializer.Deserialize(buffer.WrittenSpan, AgentStreamJson.Default.AgentStreamMessage));
                else await HandleBytesAsync(buffer.WrittenMemory, cancellationToken);
                buffer.ResetWrittenCount();
            }
        }
        finally
        {
            connections.Remove(this);
            foreach (var log in _logs.Values) log.Chunks.Writer.TryComplete(new IOException("the agent's stream has ended"));
        }
    }

    /// <summary>Asks the agent for a log.</summary>
    /// <param name="request">Its id is set here.</param>
    public async Task<OpenLog> OpenAsync(LogRequest request, CancellationToken cancellationToken)
    {
        var log = new OpenLog(this, Interlocked.Increment(ref _lastId));
        _logs[log.Id] = log;
        await SendAsync(new AgentStreamMessage { OpenLog = request with { Id = log.Id } }, cancellationToken);
        return log;
    }

    private async Task CloseAsync(OpenLog log)
    {
        if (!_logs.TryRemove(log.Id, out _)) return;
        try
        {
            await SendAsync(new AgentStreamMessage { Close = new StreamReference(log.Id) }, CancellationToken.None);
        }
        catch (Exception exception) when (exception is WebSocketException or InvalidOperationException or OperationCanceledException)
        {
            // The agent has gone; there is nothing left to close.
            return;
        }
    }

    private async Task SendAsync(AgentStreamMessage message, CancellationToken cancellationToken)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(message, AgentStreamJson.Default.AgentStreamMessage);
        // A WebSocket takes one sender at a time.
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

    private void Handle(AgentStreamMessage? message)
    {
        if (message?.Hello is { } hello) connections.Register(this, hello.Nodes);
        if (message?.End is { } end && _logs.TryRemove(end.Id, out var log))
        {
            var refusal = end.Status is { } status ? new ApiException(new ApiStatus(status.Code, status.Reason, status.Message)) : null;
            log.Chunks.Writer.TryComplete(refusal);
        }
    }

    private async ValueTask HandleBytesAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        if (message.Length < 4) throw new InvalidDataException("a binary frame of an agent has no request id");
        var id = BinaryPrimitives.ReadInt32LittleEndian(message.Span);
        // Unknown: its reader left, and the agent has not heard of it yet.
        if (_logs.TryGetValue(id, out var log)) await log.AddAsync(message[4..].ToArray(), cancellationToken);
    }

    private async Task<WebSocketMessageType?> ReadMessageAsync(ArrayBufferWriter<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.GetMemory(16 * 1024), cancellationToken);
            if (read.MessageType == WebSocketMessageType.Close) return null;
            buffer.Advance(read.Count);
            if (buffer.WrittenCount > MessageBytesMax) throw new InvalidDataException($"a message of an agent is larger than {MessageBytesMax} bytes");
            if (read.EndOfMessage) return read.MessageType;
        }
    }

    /// <summary>A log on its way from an agent. Disposing it tells the agent to stop.</summary>
    public sealed class OpenLog(AgentConnection connection, int id) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _left = new();

        public int Id => id;

        public Channel<byte[]> Chunks { get; } = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(ChunksMax) { SingleReader = true, SingleWriter = true });

        public async ValueTask AddAsync(byte[] chunk, CancellationToken cancellationToken)
        {
            if (Chunks.Writer.TryWrite(chunk)) return;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _left.Token);
                await Chunks.Writer.WriteAsync(chunk, either.Token);
            }
            catch (Exception exception) when (exception is ChannelClosedException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // The reader has left; what it did not read is nobody's.
                return;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _left.CancelAsync();
            await connection.CloseAsync(this);
        }
    }
}
