using System.Net;
using System.Threading.Channels;
using ControlPlane.Etcd.Client;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>As much of etcd's protocol as its client uses, over real HTTP, with faults on request: what a real etcd does once a year.</summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Brain _brain;

    private FakeEtcd(WebApplication app, Brain brain) => (_app, _brain) = (app, brain);

    public Uri Url => new(_app.Urls.First());

    public StoreView View => _brain.Store.Latest;

    /// <summary>How many writes have arrived.</summary>
    public int WriteCount => _brain.WriteCount;

    public static async Task<FakeEtcd> StartAsync(string version = "3.5.9")
    {
        var brain = new Brain(version);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(brain);
        var app = builder.Build();
        app.MapGrpcService<Keys>();
        app.MapGrpcService<Watches>();
        app.MapGrpcService<Health>();
        await app.StartAsync();
        return new FakeEtcd(app, brain);
    }

    /// <summary>Another user of etcd writes a key outside of the prefix.</summary>
    public Task WriteElsewhereAsync() => _brain.PutAsync("elsewhere"u8.ToArray(), "x"u8.ToArray());

    /// <summary>Another user of the prefix writes one of the store's keys.</summary>
    public Task WriteAsync(string key, string value) => _brain.PutAsync(new KeyLayout("/controlplane/").InEtcd(System.Text.Encoding.UTF8.GetBytes(key)).ToByteArray(), System.Text.Encoding.UTF8.GetBytes(value));

    public Task CompactAsync(Revision floor) => _brain.Store.ProposeAsync(new Compact(floor), CancellationToken.None);

    /// <summary>Ends every open watch, and refuses new ones until <see cref="AllowWatches"/>.</summary>
    public void CutWatches() => _brain.CutWatches();

    public void AllowWatches() => _brain.AllowWatches();

    /// <summary>Leaves this key's next event out of every watch.</summary>
    public void LoseNextEvent() => _brain.LosesNextEvent = true;

    /// <summary>The next write ends so; carried out or not.</summary>
    public void EndNextWrite(Status status, bool isCarriedOut) => _brain.NextEnd = (status, isCarriedOut);

    public async ValueTask DisposeAsync()
    {
        _brain.CutWatches();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private sealed class Brain(string version)
    {
        private readonly Lock _gate = new();
        private CancellationTokenSource _cut = new();

        public LocalStore Store { get; } = new();

        public string Version => version;

        public int WriteCount;

        public volatile bool LosesNextEvent;

        public (Status Status, bool IsCarriedOut)? NextEnd { get; set; }

        public bool AcceptsWatches { get; private set; } = true;

        public CancellationToken Cut
        {
            get
            {
                lock (_gate) return _cut.Token;
            }
        }

        public void CutWatches()
        {
            lock (_gate)
            {
                AcceptsWatches = false;
                _cut.Cancel();
                _cut = new CancellationTokenSource();
            }
        }

        public void AllowWatches() => AcceptsWatches = true;

        public ResponseHeader Header(Revision? revision = null) => new() { ClusterId = 1, MemberId = 1, Revision = (revision ?? Store.Latest.Revision).Value };

        public Task PutAsync(byte[] key, byte[] value) => Store.ProposeAsync(new Transaction([], [new Operation.Put(key, value, LeaseId.None)], []), CancellationToken.None);

        /// <summary>Carries a write out, or not, and lets it fail as the test has asked.</summary>
        public async Task<TransactionResult> WriteAsync(Transaction transaction)
        {
            Interlocked.Increment(ref WriteCount);
            var end = NextEnd;
            NextEnd = null;
            if (end is { IsCarriedOut: false } refused) throw new RpcException(refused.Status);
            var outcome = (ProposalOutcome.Committed)await Store.ProposeAsync(transaction, CancellationToken.None);
            if (end is { } failed) throw new RpcException(failed.Status);
            return (TransactionResult)outcome.Result;
        }

        public static KeyValue Message(Record record) => new()
        {
            Key = ByteString.CopyFrom(record.Key.Span),
            Value = ByteString.CopyFrom(record.Value.Span),
            CreateRevision = record.Created.Value,
            ModRevision = record.Modified.Value,
            Version = record.Version,
            Lease = record.Lease.Value,
        };
    }

    private sealed class Keys(Brain brain) : KV.KVBase
    {
        public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
        {
            var view = brain.Store.Latest;
            var records = request.RangeEnd.IsEmpty ? view.Get(request.Key.Span) is { } one ? [one] : [] : view.Range(request.Key.Memory, request.RangeEnd.Memory).ToList();
            var response = new RangeResponse { Header = brain.Header(view.Revision), Count = records.Count };
            if (!request.CountOnly) response.Kvs.AddRange(records.Select(Brain.Message));
            return Task.FromResult(response);
        }

        public override async Task<PutResponse> Put(PutRequest request, ServerCallContext context)
        {
            var result = await brain.WriteAsync(new Transaction([], [new Operation.Put(request.Key.Memory, request.Value.Memory, LeaseId.None)], []));
            return new PutResponse { Header = brain.Header(result.Revision) };
        }

        /// <summary>Puts only, without comparisons.</summary>
        public override async Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context)
        {
            var puts = request.Success.Select(operation => operation.RequestPut).OfType<PutRequest>();
            var result = await brain.WriteAsync(new Transaction([], [.. puts.Select(put => new Operation.Put(put.Key.Memory, put.Value.Memory, LeaseId.None))], []));
            var response = new TxnResponse { Header = brain.Header(result.Revision), Succeeded = true };
            response.Responses.AddRange(result.Operations.OfType<OperationResult.Put>().Select(put => new ResponseOp
            {
                ResponsePut = new PutResponse { PrevKv = put.Previous is null ? null : Brain.Message(put.Previous) },
            }));
            return response;
        }
    }

    private sealed class Watches(Brain brain) : Watch.WatchBase
    {
        public override async Task Watch(IAsyncStreamReader<WatchRequest> requests, IServerStreamWriter<WatchResponse> responses, ServerCallContext context)
        {
            if (!brain.AcceptsWatches) throw new RpcException(new Status(StatusCode.Unavailable, "etcdserver: no leader"));
            var cut = brain.Cut;
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cut, context.CancellationToken);
            await requests.MoveNext(ending.Token);
            var create = requests.Current.CreateRequest;
            var asked = Channel.CreateUnbounded<bool>();
            var asking = Task.Run(async () =>
            {
                while (await requests.MoveNext(ending.Token)) asked.Writer.TryWrite(true);
            });
            await responses.WriteAsync(new WatchResponse { Header = brain.Header(), Created = true }, ending.Token);
            var after = new Revision(create.StartRevision - 1);
            try
            {
                while (true)
                {
                    var view = brain.Store.Latest;
                    if (view.ReadChanges(after, int.MaxValue) is not ChangesOutcome.Read read)
                    {
                        await responses.WriteAsync(new WatchResponse { Header = brain.Header(), Canceled = true, CompactRevision = view.Floor.Value }, ending.Token);
                        return;
                    }

                    after = read.Through;
                    var response = new WatchResponse { Header = brain.Header(view.Revision) };
                    foreach (var change in read.Changes)
                    {
                        if (change.Key.Span.SequenceCompareTo(create.Key.Span) < 0 || change.Key.Span.SequenceCompareTo(create.RangeEnd.Span) >= 0) continue;
                        if (brain.LosesNextEvent)
                        {
                            brain.LosesNextEvent = false;
                            continue;
                        }

                        response.Events.Add(new Event
                        {
                            Type = change.Current is null ? Event.Types.EventType.Delete : Event.Types.EventType.Put,
                            Kv = change.Current is null ? new KeyValue { Key = ByteString.CopyFrom(change.Key.Span), ModRevision = change.Revision.Value } : Brain.Message(change.Current),
                        });
                    }

                    if (response.Events.Count > 0) await responses.WriteAsync(response, ending.Token);
                    if (asked.Reader.TryRead(out _)) await responses.WriteAsync(new WatchResponse { Header = brain.Header(after), WatchId = -1 }, ending.Token);
                    var next = brain.Store.WaitForChangeAsync(after, ending.Token).AsTask();
                    await Task.WhenAny(next, asked.Reader.WaitToReadAsync(ending.Token).AsTask(), asking);
                    ending.Token.ThrowIfCancellationRequested();
                }
            }
            catch (OperationCanceledException) when (cut.IsCancellationRequested)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "etcdserver: no leader"));
            }
        }
    }

    private sealed class Health(Brain brain) : Maintenance.MaintenanceBase
    {
        public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) =>
            Task.FromResult(new StatusResponse { Header = brain.Header(), Version = brain.Version });
    }
}
