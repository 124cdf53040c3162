using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace ControlPlane.Etcd.Hosting;

/// <summary>One port for gRPC and for HTTP/1.1 without TLS. Kestrel chooses the protocol of such a port before the first byte, so a connection that opens as
/// HTTP/2 is handed on to an endpoint of its own that has no port; the others stay.</summary>
/// <remarks>The connection itself moves, not its bytes: nothing is copied after the first look.</remarks>
internal sealed class SharedPort : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>The endpoint that gets what opens as HTTP/2.</summary>
    public static readonly EndPoint Http2 = new HandedOnEndPoint();

    // More than ever wait between an accept and the next turn of the listener.
    private readonly Channel<HandedOn> _handedOn = Channel.CreateBounded<HandedOn>(1024);

    // How every HTTP/2 connection begins, when the client knows that the server speaks it (RFC 9113 §3.4).
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public bool CanBind(EndPoint endpoint) => ReferenceEquals(endpoint, Http2);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener(endpoint, _handedOn));

    /// <summary>Middleware for the endpoint that has the port.</summary>
    public ConnectionDelegate Sort(ConnectionDelegate next) => async connection =>
    {
        if (!await OpensAsHttp2Async(connection))
        {
            await next(connection);
            return;
        }

        var handedOn = new HandedOn(connection);
        if (_handedOn.Writer.TryWrite(handedOn)) await handedOn.Ended;
    };

    /// <summary>Middleware for an endpoint with TLS, where the protocol is known already: only the filter is put in.</summary>
    public static ConnectionDelegate Filter(ConnectionDelegate next) => connection =>
    {
        var isHttp2 = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual("h2"u8) == true;
        if (isHttp2) connection.Transport = new DuplexPipe(new AuthorityFilter(connection.Transport.Input), connection.Transport.Output);
        return next(connection);
    };

    private static async ValueTask<bool> OpensAsHttp2Async(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(connection.ConnectionClosed);
            var seen = read.Buffer.Length >= Preface.Length ? Preface.Length : (int)read.Buffer.Length;
            var isAlike = IsAlike(read.Buffer.Slice(0, seen));
            var isDecided = !isAlike || seen == Preface.Length || read.IsCompleted;
            // Looked at, not taken: whoever serves the connection reads it again.
            input.AdvanceTo(read.Buffer.Start, isDecided ? read.Buffer.Start : read.Buffer.End);
            if (isDecided) return isAlike && seen == Preface.Length;
        }
    }

    private static bool IsAlike(ReadOnlySequence<byte> opening)
    {
        Span<byte> bytes = stackalloc byte[Preface.Length];
        opening.CopyTo(bytes);
        return Preface.StartsWith(bytes[..(int)opening.Length]);
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class HandedOnEndPoint : EndPoint
    {
        public override string ToString() => "shared-port";
    }

    private sealed class Listener(EndPoint endpoint, Channel<HandedOn> handedOn) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                return await handedOn.Reader.ReadAsync(cancellationToken);
            }
            catch (Exception closed) when (closed is ChannelClosedException or OperationCanceledException)
            {
                return null;
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            handedOn.Writer.TryComplete();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }

    /// <summary>A connection in its second hands; its first owner closes it when it has ended here.</summary>
    private sealed class HandedOn(ConnectionContext connection) : ConnectionContext
    {
        private readonly DuplexPipe _transport = new(new AuthorityFilter(connection.Transport.Input), connection.Transport.Output);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public override string ConnectionId
        {
            get => connection.ConnectionId;
            set => connection.ConnectionId = value;
        }

        public override IFeatureCollection Features => connection.Features;

        public override IDictionary<object, object?> Items
        {
            get => connection.Items;
            set => connection.Items = value;
        }

        public override IDuplexPipe Transport
        {
            get => _transport;
            set => throw new NotSupportedException("nobody stands between this and Kestrel");
        }

        public override CancellationToken ConnectionClosed
        {
            get => connection.ConnectionClosed;
            set => connection.ConnectionClosed = value;
        }

        public override EndPoint? LocalEndPoint
        {
            get => connection.LocalEndPoint;
            set => connection.LocalEndPoint = value;
        }

        public override EndPoint? RemoteEndPoint
        {
            get => connection.RemoteEndPoint;
            set => connection.RemoteEndPoint = value;
        }

        public override void Abort(ConnectionAbortedException abortReason) => connection.Abort(abortReason);

        public override ValueTask DisposeAsync()
        {
            _ended.TrySetResult();
            return default;
        }
    }
}
