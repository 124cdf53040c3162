using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Etcd.Snapshots;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>Maintenance</c>: how this member stands, and what its operator asks of it.</summary>
internal sealed class MaintenanceService(ServedStore store) : Maintenance.MaintenanceBase
{
    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        var view = store.Store.Latest;
        var leadership = store.Store.Leadership;
        var response = new StatusResponse
        {
            Header = store.Header(),
            Version = ServedVersion.Server,
            StorageVersion = ServedVersion.Storage,
            Leader = leadership.Leader?.Value ?? 0,
            RaftTerm = (ulong)leadership.Term,
            DbSize = view.LiveBytes,
            DbSizeInUse = view.LiveBytes,
            DbSizeQuota = view.QuotaBytes,
            DowngradeInfo = new DowngradeInfo(),
        };
        response.Errors.AddRange(view.Alarms.Select(alarm => $"memberID:{alarm.Member} alarm:{Of(alarm.Kind).ToString().ToUpperInvariant()} "));
        if (leadership.Leader is null) response.Errors.Add(EtcdErrors.NoLeader.Detail);
        if (store.State is { } state)
        {
            response.DbSize = state.DiskSizeBytes;
            response.RaftIndex = (ulong)state.CommitIndex;
            response.RaftAppliedIndex = (ulong)state.AppliedIndex;
            response.IsLearner = state.IsLearner;
        }

        return Task.FromResult(response);
    }

    /// <remarks>An alarm that the group raised ends by itself when its cause is gone; ending it here before that lets it be raised again.</remarks>
    public override async Task<AlarmResponse> Alarm(AlarmRequest request, ServerCallContext context)
    {
        var response = new AlarmResponse();
        switch (request.Action)
        {
            case AlarmRequest.Types.AlarmAction.Get:
                response.Alarms.AddRange(store.Store.Latest.Alarms.Where(alarm => IsMeant(alarm, request)).Select(Of));
                break;
            case AlarmRequest.Types.AlarmAction.Activate when request.Alarm != AlarmType.None:
                var raised = new Alarm(request.MemberID, request.Alarm == AlarmType.Nospace ? AlarmKind.NoSpace : AlarmKind.Corrupt);
                await store.ProposeAsync<AlarmResult>(new SetAlarm(raised, IsRaised: true));
                response.Alarms.Add(Of(raised));
                break;
            case AlarmRequest.Types.AlarmAction.Deactivate:
                foreach (var alarm in store.Store.Latest.Alarms.Where(alarm => IsMeant(alarm, request)).ToList())
                {
                    await store.ProposeAsync<AlarmResult>(new SetAlarm(alarm, IsRaised: false));
                    response.Alarms.Add(Of(alarm));
                }

                break;
        }

        response.Header = store.Header();
        return response;
    }

    /// <summary>Nothing is ever fragmented here: the state lies in memory, and a snapshot holds what lives.</summary>
    public override Task<DefragmentResponse> Defragment(DefragmentRequest request, ServerCallContext context) => Task.FromResult(new DefragmentResponse { Header = store.Header() });

    public override Task<HashResponse> Hash(HashRequest request, ServerCallContext context)
    {
        var view = store.Store.Latest;
        return Task.FromResult(new HashResponse { Header = store.Header(view.Revision), Hash = Fold(view.StateHash) });
    }

    public override Task<HashKVResponse> HashKV(HashKVRequest request, ServerCallContext context)
    {
        var newest = store.Store.Latest;
        var view = ServedStore.At(newest, request.Revision);
        return Task.FromResult(new HashKVResponse
        {
            Header = store.Header(newest.Revision),
            Hash = Fold(view.StateHash),
            CompactRevision = newest.CompactionFloor.Value,
            HashRevision = view.Revision.Value,
        });
    }

    public override async Task Snapshot(SnapshotRequest request, IServerStreamWriter<SnapshotResponse> responses, ServerCallContext context)
    {
        var operations = store.Operations;
        await using var stream = new SnapshotStream(responses, store.Header(), operations.State.LiveDataBytes);
        await operations.WriteSnapshotAsync(stream, context.CancellationToken);
        await stream.CompleteAsync();
    }

    public override async Task<MoveLeaderResponse> MoveLeader(MoveLeaderRequest request, ServerCallContext context)
    {
        if (!store.Store.Leadership.IsLeader) throw EtcdErrors.Of(EtcdErrors.NotLeader);
        if (store.Store.Members.All(member => member.Id.Value != request.TargetID)) throw EtcdErrors.Of(EtcdErrors.BadTransferee);
        await ClusterService.DoneAsync(store.Operations.MoveLeaderAsync(new MemberId(request.TargetID), CancellationToken.None));
        return new MoveLeaderResponse { Header = store.Header() };
    }

    public override Task<DowngradeResponse> Downgrade(DowngradeRequest request, ServerCallContext context) => throw EtcdErrors.Of(EtcdErrors.NoDowngrade);

    private static bool IsMeant(Alarm alarm, AlarmRequest request) =>
        (request.MemberID == 0 || request.MemberID == alarm.Member) && (request.Alarm == AlarmType.None || request.Alarm == Of(alarm.Kind));

    private static AlarmMember Of(Alarm alarm) => new() { MemberID = alarm.Member, Alarm = Of(alarm.Kind) };

    private static AlarmType Of(AlarmKind kind) => kind switch
    {
        AlarmKind.NoSpace => AlarmType.Nospace,
        AlarmKind.Corrupt => AlarmType.Corrupt,
        _ => AlarmType.None,
    };

    private static uint Fold(ulong hash) => (uint)hash ^ (uint)(hash >> 32);
}
