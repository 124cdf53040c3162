using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace ControlPlane.Benchmarks.Served;

/// <summary>One HTTP/2 connection that carries unary gRPC calls and nothing else, for a generator that shares the machine with what it measures: a call costs it
/// a few microseconds, where a full client takes as much as the servers do. Requests that are made while answers are handled leave in one write.</summary>
/// <remarks>An answer counts as success when it carried a message: gRPC says errors in trailers without one. Calls of one connection stay far below its window.</remarks>
internal sealed class LeanConnection : IAsyncDisposable
{
    private const int SlotCount = 1024;
    private const int FrameHeaderSizeBytes = 9;
    private const int MessageHeaderSizeBytes = 5;
    private const int WindowSizeBytes = int.MaxValue;

    private readonly LeanCall?[] _calls = new LeanCall?[SlotCount];
    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly string _authority;
    private readonly Task _reading;
    private byte[] _outgoing = new byte[64 << 10];
    private byte[] _leaving = new byte[64 << 10];
    private int _outgoingCount;
    private bool _isSending;
    private int _nextStream = 1;
    private long _received;

    private LeanConnection(Socket socket, string authority)
    {
        (_socket, _authority) = (socket, authority);
        Queue("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> settings = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(settings, 4);
        BinaryPrimitives.WriteInt32BigEndian(settings[2..], WindowSizeBytes);
        QueueFrame(FrameType.Settings, 0, 0, settings);
        QueueWindowUpdate(WindowSizeBytes - 65_535);
        Send();
        _reading = Task.Run(ReadAsync);
    }

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    public static async Task<LeanConnection> ConnectAsync(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port);
        return new LeanConnection(socket, address.Authority);
    }

    /// <summary>What stands before every call of one method.</summary>
    public byte[] HeadersOf(string path)
    {
        var block = new List<byte> { 0x83, 0x86 };
        block.AddRange([0x04, (byte)path.Length, .. Encoding.ASCII.GetBytes(path)]);
        block.AddRange([0x01, (byte)_authority.Length, .. Encoding.ASCII.GetBytes(_authority)]);
        block.AddRange([0x0F, 0x10, 16, .. "application/grpc"u8]);
        block.AddRange([0x00, 2, .. "te"u8, 8, .. "trailers"u8]);
        return [.. block];
    }

    /// <summary>Begins the call; <paramref name="call"/> completes when its answer is whole.</summary>
    public void Begin(LeanCall call, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> message)
    {
        bool isFirst;
        lock (_gate)
        {
            var stream = _nextStream;
            _nextStream += 2;
            ref var slot = ref _calls[stream / 2 % SlotCount];
            if (slot is not null) throw new InvalidOperationException("a call was never answered");
            slot = call;
            QueueFrame(FrameType.Headers, 0x4, stream, headers);
            MakeRoom(FrameHeaderSizeBytes + MessageHeaderSizeBytes);
            WriteFrameHeader(FrameType.Data, 0x1, stream, MessageHeaderSizeBytes + message.Length);
            _outgoing[_outgoingCount] = 0;
            BinaryPrimitives.WriteInt32BigEndian(_outgoing.AsSpan(_outgoingCount + 1), message.Length);
            _outgoingCount += MessageHeaderSizeBytes;
            Queue(message);
            isFirst = !_isSending;
        }

        // While answers are handled, the reader sends for all of them.
        if (isFirst) Send();
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[256 << 10];
        var count = 0;
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer.AsMemory(count));
                if (read == 0) break;
                count += read;
                lock (_gate) _isSending = true;
                var start = 0;
                while (count - start >= FrameHeaderSizeBytes)
                {
                    var size = FrameHeaderSizeBytes + (buffer[start] << 16 | buffer[start + 1] << 8 | buffer[start + 2]);
                    if (count - start < size) break;
                    Take(buffer.AsSpan(start, size));
                    start += size;
                }

                buffer.AsSpan(start, count - start).CopyTo(buffer);
                count -= start;
                lock (_gate) _isSending = false;
                Send();
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            count = 0;
        }

        foreach (var call in _calls) call?.End(isAnswered: false);
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        var (type, flags) = ((FrameType)frame[3], frame[4]);
        var stream = BinaryPrimitives.ReadInt32BigEndian(frame[5..]) & int.MaxValue;
        var payload = frame[FrameHeaderSizeBytes..];
        switch (type)
        {
            case FrameType.Data:
                if (payload.Length > 0 && _calls[stream / 2 % SlotCount] is { } receiving) receiving.HasMessage = true;
                _received += payload.Length;
                if (_received < WindowSizeBytes / 2) break;
                QueueWindowUpdate((int)_received);
                _received = 0;
                break;
            case FrameType.Settings when (flags & 1) == 0:
                lock (_gate) QueueFrame(FrameType.Settings, 1, 0, []);
                break;
            case FrameType.Ping when (flags & 1) == 0:
                lock (_gate) QueueFrame(FrameType.Ping, 1, 0, payload);
                break;
            case FrameType.GoAway:
                _socket.Shutdown(SocketShutdown.Both);
                break;
        }

        var isEnd = type == FrameType.ResetStream || (type is FrameType.Data or FrameType.Headers && (flags & 1) != 0);
        if (!isEnd) return;
        LeanCall? ended;
        lock (_gate)
        {
            ref var slot = ref _calls[stream / 2 % SlotCount];
            (ended, slot) = (slot, null);
        }

        ended?.End(isAnswered: type != FrameType.ResetStream && ended.HasMessage);
    }

    private void Send()
    {
        lock (_gate)
        {
            if (_outgoingCount == 0) return;
            (_outgoing, _leaving) = (_leaving, _outgoing);
            var leaving = _leaving.AsSpan(0, _outgoingCount);
            _outgoingCount = 0;
            // Blocks only when the server does not read, and then there is nothing to measure.
            while (!leaving.IsEmpty) leaving = leaving[_socket.Send(leaving)..];
        }
    }

    private void QueueWindowUpdate(int bytes)
    {
        Span<byte> increment = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, bytes);
        lock (_gate) QueueFrame(FrameType.WindowUpdate, 0, 0, increment);
    }

    private void QueueFrame(FrameType type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        MakeRoom(FrameHeaderSizeBytes);
        WriteFrameHeader(type, flags, stream, payload.Length);
        Queue(payload);
    }

    private void WriteFrameHeader(FrameType type, byte flags, int stream, int length)
    {
        var header = _outgoing.AsSpan(_outgoingCount);
        BinaryPrimitives.WriteInt32BigEndian(header, length << 8);
        (header[3], header[4]) = ((byte)type, flags);
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        _outgoingCount += FrameHeaderSizeBytes;
    }

    private void Queue(ReadOnlySpan<byte> bytes)
    {
        MakeRoom(bytes.Length);
        bytes.CopyTo(_outgoing.AsSpan(_outgoingCount));
        _outgoingCount += bytes.Length;
    }

    private void MakeRoom(int size)
    {
        if (_outgoingCount + size > _outgoing.Length) Array.Resize(ref _outgoing, Math.Max(2 * _outgoing.Length, _outgoingCount + size));
    }
}
