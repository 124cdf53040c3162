using System.Net;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlPlane.Tests.Etcd;

/// <summary>The face of a store in memory, and clients of it.</summary>
internal sealed class Face : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly EtcdHost _host;
    private readonly GrpcChannel _channel;

    private Face(LocalStore store, EtcdHost host)
    {
        (Store, _host) = (store, host);
        _channel = GrpcChannel.ForAddress(host.Url, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        (Keys, Watches, Leases) = (new KV.KVClient(_channel), new ControlPlane.Etcd.Protocol.Watch.WatchClient(_channel), new Lease.LeaseClient(_channel));
        (Cluster, Maintenance, Auth) = (new Cluster.ClusterClient(_channel), new Maintenance.MaintenanceClient(_channel), new Auth.AuthClient(_channel));
    }

    public LocalStore Store { get; }

    public Uri Url => _host.Url;

    public KV.KVClient Keys { get; }

    public ControlPlane.Etcd.Protocol.Watch.WatchClient Watches { get; }

    public Lease.LeaseClient Leases { get; }

    public Cluster.ClusterClient Cluster { get; }

    public Maintenance.MaintenanceClient Maintenance { get; }

    public Auth.AuthClient Auth { get; }

    public static async Task<Face> StartAsync(Func<EtcdHostOptions, EtcdHostOptions>? with = null, StoreState? state = null)
    {
        var store = new LocalStore(state ?? new StoreState());
        var options = new EtcdHostOptions { Listen = new IPEndPoint(IPAddress.Loopback, 0) };
        return new Face(store, await EtcdHost.StartAsync(with?.Invoke(options) ?? options, store, null, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _host.DisposeAsync();
    }

    public async Task<long> PutAsync(string key, string value, long lease = 0) =>
        (await Keys.PutAsync(new PutRequest { Key = Bytes(key), Value = Bytes(value), Lease = lease })).Header.Revision;

    /// <summary>Past the wire, where many are wanted.</summary>
    public Task PutDirectAsync(string key, string value) =>
        Store.ProposeAsync(new Transaction([], [new Operation.Put(Bytes(key).Memory, Bytes(value).Memory, LeaseId.None)], []), CancellationToken.None);

    public async Task<long> DeleteAsync(string key) => (await Keys.DeleteRangeAsync(new DeleteRangeRequest { Key = Bytes(key) })).Header.Revision;

    /// <summary>Everything from <paramref name="key"/> on.</summary>
    public static RangeRequest From(string key) => new() { Key = Bytes(key), RangeEnd = ByteString.CopyFrom(0) };

    public static ByteString Bytes(string text) => ByteString.CopyFromUtf8(text);

    /// <summary>The records in one line: <c>a=1 b=2</c>.</summary>
    public static string Line(IEnumerable<KeyValue> records) => string.Join(' ', records.Select(record => $"{record.Key.ToStringUtf8()}={record.Value.ToStringUtf8()}"));

    /// <summary>Expects a refusal with this code and exactly this text, which is what etcd's clients compare.</summary>
    public static async Task RefusedAsync(StatusCode code, string text, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal((code, text), (refused.StatusCode, refused.Status.Detail));
    }
}
