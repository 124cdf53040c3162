using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlPlane.Benchmarks.Served;

/// <summary>One member as an ordinary client sees it, over a few connections: for what is asked now and then, and for watches.</summary>
internal sealed class ServedClient : IDisposable
{
    // Watches are spread over them.
    private const int ConnectionCount = 8;

    // A list of 200,000 keys is measured as bytes, or the client would be what is measured.
    private static readonly Method<RangeRequest, AnswerSize> RangeSize = new(
        MethodType.Unary, "etcdserverpb.KV", "Range",
        Marshallers.Create(static (RangeRequest request) => request.ToByteArray(), static bytes => RangeRequest.Parser.ParseFrom(bytes)),
        Marshallers.Create<AnswerSize>(static (_, context) => context.Complete([]), static context => new AnswerSize(context.PayloadAsReadOnlySequence().Length)));

    private readonly GrpcChannel[] _channels;
    private readonly KV.KVClient[] _keys;

    public ServedClient(string url)
    {
        _channels = [.. Enumerable.Range(0, ConnectionCount).Select(_ => GrpcChannel.ForAddress(url, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(20),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(50),
        }))];
        _keys = [.. _channels.Select(channel => new KV.KVClient(channel))];
        Maintenance = new Maintenance.MaintenanceClient(_channels[0]);
    }

    public KV.KVClient Keys => _keys[0];

    public Maintenance.MaintenanceClient Maintenance { get; }

    public static RangeRequest KeyOf(string key) => new() { Key = ByteString.CopyFromUtf8(key) };

    public KV.KVClient KeysOf(int client) => _keys[client % ConnectionCount];

    public Watch.WatchClient WatchesOf(int client) => new(_channels[client % ConnectionCount]);

    /// <summary>Everything that begins with <paramref name="prefix"/>; the size of the answer in bytes.</summary>
    public async Task<long> ListAsync(string prefix)
    {
        var end = prefix[..^1] + (char)(prefix[^1] + 1);
        using var call = _channels[0].CreateCallInvoker().AsyncUnaryCall(RangeSize, null, new CallOptions(), new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(end) });
        return (await call).Bytes;
    }

    public void Dispose()
    {
        foreach (var channel in _channels) channel.Dispose();
    }

    private sealed record AnswerSize(long Bytes);
}
