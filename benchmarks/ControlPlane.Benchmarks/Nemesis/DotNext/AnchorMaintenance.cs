using System.Net;
using ControlPlane.Etcd.Protocol;
using DotNext.Net.Cluster.Consensus.Raft;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis.DotNext;

/// <summary>Who leads, and a hash of the state; a member's id is its peer port.</summary>
internal sealed class AnchorMaintenance(RaftCluster cluster, AnchorState state, AnchorAddress address) : Maintenance.MaintenanceBase
{
    public override Task<StatusResponse> Status(StatusRequest request, ServerCallContext context) => Task.FromResult(new StatusResponse
    {
        Header = new ResponseHeader { MemberId = (ulong)address.Port, Revision = state.Revision },
        Leader = cluster.Leader?.EndPoint is IPEndPoint leader ? (ulong)leader.Port : 0,
        RaftTerm = (ulong)cluster.Term,
        RaftAppliedIndex = (ulong)cluster.AuditTrail.LastCommittedEntryIndex,
    });

    public override Task<HashKVResponse> HashKV(HashKVRequest request, ServerCallContext context) =>
        Task.FromResult(new HashKVResponse { Header = new ResponseHeader { Revision = state.Revision }, Hash = state.Hash() });
}

/// <param name="Port">Of the proxy that stands before this member.</param>
internal sealed record AnchorAddress(int Port);
