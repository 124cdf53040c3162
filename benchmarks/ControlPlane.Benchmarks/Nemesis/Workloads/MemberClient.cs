using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness.Histories;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using EtcdCompare = ControlPlane.Etcd.Protocol.Compare;

namespace ControlPlane.Benchmarks.Nemesis.Workloads;

/// <summary>One member as a client sees it. Every answer is sorted into what is known: done, refused for good, or unknown.</summary>
internal sealed class MemberClient : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly KV.KVClient _keys;

    public MemberClient(string url)
    {
        _channel = GrpcChannel.ForAddress(url, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(1),
                // A member that is paused or gone without a word must be noticed by watchers too.
                KeepAlivePingDelay = TimeSpan.FromSeconds(2),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(3),
                EnableMultipleHttp2Connections = true,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            // The history wants to know of every failure; nothing is tried again behind its back.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromMilliseconds(200),
        });
        _keys = new(_channel);
        Watches = new(_channel);
        Maintenance = new(_channel);
        Cluster = new(_channel);
    }

    public Watch.WatchClient Watches { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    public Cluster.ClusterClient Cluster { get; }

    /// <summary>The first key that does not begin with <paramref name="prefix"/>.</summary>
    public static ByteString EndOf(string prefix) => ByteString.CopyFromUtf8(prefix[..^1] + (char)(prefix[^1] + 1));

    public Task<Answer> WriteAsync(string key, string? value, TimeSpan patience) => AnswerAsync(async deadline =>
    {
        if (value is null)
        {
            var deleted = await _keys.DeleteRangeAsync(new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) }, deadline: deadline);
            return new Answer(new Outcome.Done(), deleted.Deleted > 0 ? deleted.Header.Revision : null);
        }

        var put = await _keys.PutAsync(PutOf(key, value), deadline: deadline);
        return new Answer(new Outcome.Done(), put.Header.Revision);
    }, patience);

    public Task<Answer> CompareAndSetAsync(string key, string? expected, string value, TimeSpan patience) => AnswerAsync(async deadline =>
    {
        var bytes = ByteString.CopyFromUtf8(key);
        var request = new TxnRequest
        {
            Compare =
            {
                expected is null
                    ? new EtcdCompare { Key = bytes, Target = EtcdCompare.Types.CompareTarget.Create, Result = EtcdCompare.Types.CompareResult.Equal, CreateRevision = 0 }
                    : new EtcdCompare { Key = bytes, Target = EtcdCompare.Types.CompareTarget.Value, Result = EtcdCompare.Types.CompareResult.Equal, Value = ByteString.CopyFromUtf8(expected) },
            },
            Success = { new RequestOp { RequestPut = PutOf(key, value) } },
            Failure = { new RequestOp { RequestRange = new RangeRequest { Key = bytes } } },
        };
        var answer = await _keys.TxnAsync(request, deadline: deadline);
        return answer.Succeeded
            ? new Answer(new Outcome.Done(), answer.Header.Revision)
            : new Answer(new Outcome.Found(answer.Responses[0].ResponseRange.Kvs.FirstOrDefault()?.Value.ToStringUtf8()), null);
    }, patience);

    public Task<Answer> ReadAsync(string key, TimeSpan patience) => AnswerAsync(async deadline =>
    {
        var range = await _keys.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8(key) }, deadline: deadline);
        return new Answer(new Outcome.Found(range.Kvs.FirstOrDefault()?.Value.ToStringUtf8()), null);
    }, patience);

    /// <summary>A list is a range of keys; the order of its elements is the order of their revisions.</summary>
    public Task<Answer> ListAsync(string prefix, TimeSpan patience) => AnswerAsync(async deadline =>
    {
        var range = await RangeAsync(prefix, deadline);
        return new Answer(new Outcome.Listed([.. range.Kvs.OrderBy(pair => pair.ModRevision).Select(pair => pair.Value.ToStringUtf8())]), null);
    }, patience);

    /// <summary>Everything that begins with <paramref name="prefix"/>, linearizable.</summary>
    /// <exception cref="RpcException">As it came.</exception>
    public async Task<RangeResponse> RangeAsync(string prefix, DateTime deadline) =>
        await _keys.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = EndOf(prefix) }, deadline: deadline);

    public async Task CompactAsync(long revision, TimeSpan patience) =>
        await _keys.CompactAsync(new CompactionRequest { Revision = revision }, deadline: DateTime.UtcNow + patience);

    /// <summary>What the member knows about itself; null when it does not answer.</summary>
    public async Task<StatusResponse?> StatusAsync(TimeSpan patience)
    {
        try
        {
            return await Maintenance.StatusAsync(new StatusRequest(), deadline: DateTime.UtcNow + patience);
        }
        catch (RpcException)
        {
            return null;
        }
    }

    public void Dispose() => _channel.Dispose();

    private static PutRequest PutOf(string key, string value) => new() { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) };

    private static async Task<Answer> AnswerAsync(Func<DateTime, Task<Answer>> ask, TimeSpan patience)
    {
        try
        {
            return await ask(DateTime.UtcNow + patience);
        }
        catch (RpcException failure)
        {
            return new Answer(IsRefusal(failure) ? new Outcome.Refused() : new Outcome.Unknown(), null);
        }
    }

    // Only what says by itself that nothing happened, or what never left this process. "Unavailable" and "deadline" say nothing.
    private static bool IsRefusal(RpcException failure) =>
        failure.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.ResourceExhausted or StatusCode.OutOfRange or StatusCode.Unimplemented
        || failure.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }
        || failure.Status.Detail.StartsWith("Error connecting to subchannel", StringComparison.Ordinal);
}

/// <param name="Outcome">What is known.</param>
/// <param name="Revision">Of the change that was made; null when nothing is known to have changed.</param>
internal sealed record Answer(Outcome Outcome, long? Revision);
