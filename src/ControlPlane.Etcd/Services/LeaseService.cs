using System.Security.Cryptography;
using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Leases;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Etcd.Watches;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using Grpc.Core;
using StoreLease = ControlPlane.Store.Leases.Lease;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>Lease</c>.</summary>
internal sealed class LeaseService(ServedStore store, LeaseRenewals renewals, LeaderPresence leader, WatchHub hub) : Protocol.Lease.LeaseBase
{
    // A lease shorter than an election could end while nobody can renew it; etcd raises shorter ones to the same.
    private const long TimeToLiveSecondsMin = 2;

    public override async Task<LeaseGrantResponse> LeaseGrant(LeaseGrantRequest request, ServerCallContext context)
    {
        if (request.TTL > StoreLease.TimeToLiveSecondsMax) throw EtcdErrors.Of(EtcdErrors.TimeToLiveTooLarge);
        var lease = new LeaseId(request.ID != 0 ? request.ID : FreshId());
        var seconds = Math.Max(TimeToLiveSecondsMin, request.TTL);
        var result = await store.ProposeAsync<LeaseResult>(new GrantLease(lease, seconds));
        if (!result.Unknown.IsEmpty) throw EtcdErrors.Of(EtcdErrors.LeaseExists);
        return new LeaseGrantResponse { Header = store.Header(result.Revision), ID = lease.Value, TTL = seconds };
    }

    public override async Task<LeaseRevokeResponse> LeaseRevoke(LeaseRevokeRequest request, ServerCallContext context)
    {
        var result = await store.ProposeAsync<LeaseResult>(new RevokeLease(new LeaseId(request.ID)));
        if (!result.Unknown.IsEmpty) throw EtcdErrors.Of(EtcdErrors.LeaseNotFound);
        return new LeaseRevokeResponse { Header = store.Header(result.Revision) };
    }

    public override async Task LeaseKeepAlive(IAsyncStreamReader<LeaseKeepAliveRequest> requests, IServerStreamWriter<LeaseKeepAliveResponse> responses, ServerCallContext context)
    {
        using var ending = leader.LinkTo(context, hub.Stopping);
        try
        {
            while (await requests.MoveNext(ending.Token)) await responses.WriteAsync(await RenewAsync(new LeaseId(requests.Current.ID)));
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or InvalidOperationException)
        {
            leader.ThrowIfAbsent(context);
            if (hub.Stopping.IsCancellationRequested) throw EtcdErrors.Of(EtcdErrors.Stopped);
        }
    }

    public override async Task<LeaseTimeToLiveResponse> LeaseTimeToLive(LeaseTimeToLiveRequest request, ServerCallContext context)
    {
        var view = await store.ReadAsync(isSerializable: false);
        var id = new LeaseId(request.ID);
        var response = new LeaseTimeToLiveResponse { Header = store.Header(view.Revision), ID = request.ID, TTL = -1 };
        if (view.GetLease(id) is not { } lease) return response;
        response.GrantedTTL = lease.TimeToLiveSeconds;
        response.TTL = (long)(store.Store.LeaseRemaining(id) ?? TimeSpan.Zero).TotalSeconds;
        if (request.Keys) response.Keys.AddRange(view.KeysUnder(id).Select(record => UnsafeByteOperations.UnsafeWrap(record.Key)));
        return response;
    }

    public override async Task<LeaseLeasesResponse> LeaseLeases(LeaseLeasesRequest request, ServerCallContext context)
    {
        var view = await store.ReadAsync(isSerializable: false);
        var response = new LeaseLeasesResponse { Header = store.Header(view.Revision) };
        response.Leases.AddRange(view.Leases.Select(lease => new LeaseStatus { ID = lease.Id.Value }));
        return response;
    }

    private async Task<LeaseKeepAliveResponse> RenewAsync(LeaseId id)
    {
        var response = new LeaseKeepAliveResponse { ID = id.Value };
        if (await renewals.RenewAsync(id) && store.Store.Latest.GetLease(id) is { } lease) response.TTL = lease.TimeToLiveSeconds;
        response.Header = store.Header();
        return response;
    }

    // Positive, as etcd's are; 63 bits of chance do not meet.
    private static long FreshId() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue | 1;
}
