using System.Text.Json;
using ControlPlane.Etcd.Protocol;
using DotNext.Net.Cluster.Consensus.Raft;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis.DotNext;

/// <summary>etcd's KV on a DotNext member: writes at the leader, reads anywhere behind the library's strong read barrier.</summary>
internal sealed class AnchorKeys(RaftCluster cluster, AnchorState state) : KV.KVBase
{
    public override async Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
    {
        await AnsweredAsync(async () => await cluster.ApplyReadBarrierAsync(ReadBarrierType.Strong, context.CancellationToken));
        var (pairs, revision) = state.Range(request.Key.ToStringUtf8(), request.RangeEnd.IsEmpty ? null : request.RangeEnd.ToStringUtf8());
        var response = new RangeResponse { Header = new ResponseHeader { Revision = revision }, Count = pairs.Count };
        response.Kvs.AddRange(pairs);
        return response;
    }

    public override async Task<PutResponse> Put(PutRequest request, ServerCallContext context)
    {
        var result = await ProposeAsync(new(request.Key.ToStringUtf8(), request.Value.ToStringUtf8()), context.CancellationToken);
        return new PutResponse { Header = new ResponseHeader { Revision = result.Revision } };
    }

    public override async Task<DeleteRangeResponse> DeleteRange(DeleteRangeRequest request, ServerCallContext context)
    {
        var result = await ProposeAsync(new(request.Key.ToStringUtf8(), null), context.CancellationToken);
        return new DeleteRangeResponse { Header = new ResponseHeader { Revision = result.Revision }, Deleted = result.Previous is null ? 0 : 1 };
    }

    public override async Task<TxnResponse> Txn(TxnRequest request, ServerCallContext context)
    {
        var compare = request.Compare[0];
        var expected = compare.Target == Compare.Types.CompareTarget.Value ? compare.Value.ToStringUtf8() : null;
        var result = await ProposeAsync(new(compare.Key.ToStringUtf8(), request.Success[0].RequestPut.Value.ToStringUtf8(), IsConditional: true, expected), context.CancellationToken);
        var response = new TxnResponse { Header = new ResponseHeader { Revision = result.Revision }, Succeeded = result.Succeeded };
        if (result.Succeeded) return response;
        var found = new RangeResponse();
        if (result.Previous is { } previous) found.Kvs.Add(previous);
        response.Responses.Add(new ResponseOp { ResponseRange = found });
        return response;
    }

    private async Task<AnchorResult> ProposeAsync(AnchorCommand command, CancellationToken stop)
    {
        if (cluster.LeadershipToken.IsCancellationRequested) throw new RpcException(new Status(StatusCode.FailedPrecondition, "not leader"));
        var applied = new TaskCompletionSource<AnchorResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        await AnsweredAsync(async () => await cluster.ReplicateAsync(new BinaryLogEntry { Term = cluster.Term, Content = JsonSerializer.SerializeToUtf8Bytes(command), Context = applied }, stop));
        return await applied.Task.WaitAsync(stop);
    }

    // Whatever the library throws, the outcome is unknown to the client.
    private static async Task AnsweredAsync(Func<Task> ask)
    {
        try
        {
            await ask();
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, failure.Message));
        }
    }
}
