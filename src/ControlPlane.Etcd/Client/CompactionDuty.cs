using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>On the leader: lets etcd forget history that is old enough, and tells the other servers.</summary>
internal sealed class CompactionDuty(EtcdEndpoints endpoints, KeyLayout layout, EtcdStore store, EtcdStoreOptions options)
{
    /// <summary>Until cancelled.</summary>
    /// <param name="history">What is kept at least; half as much again at most.</param>
    public async Task RunAsync(TimeSpan history, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(history / 2, options.TimeProvider);
        var (oneTickAgo, twoTicksAgo) = (Revision.Zero, Revision.Zero);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = store.Latest.Revision;
                if (store.Leadership is { IsLeader: true, IsReady: true } && twoTicksAgo > store.Latest.CompactionFloor) await CompactAsync(twoTicksAgo);
                (twoTicksAgo, oneTickAgo) = (oneTickAgo, now);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private async Task CompactAsync(Revision floor)
    {
        if (await store.ProposeAsync(new Compact(floor), CancellationToken.None) is not ProposalOutcome.Committed) return;
        try
        {
            var text = ByteString.CopyFromUtf8(floor.ToString());
            await endpoints.Current.Keys.PutAsync(new PutRequest { Key = layout.Compacted, Value = text }, deadline: Calls.Deadline(options.RequestTimeout));
        }
        catch (RpcException failed)
        {
            options.Notice($"could not tell the other servers that history up to {floor} is given up: {failed.Status.Detail}");
        }
    }
}
