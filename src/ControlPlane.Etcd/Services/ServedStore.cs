using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>The store as the services use it: what it cannot do becomes an error that etcd's clients understand.</summary>
/// <param name="store">Answers and takes everything.</param>
/// <param name="operations">Null where a store stands alone and has nothing to operate.</param>
internal sealed class ServedStore(IReplicatedStore store, IMemberOperations? operations)
{
    private readonly ulong _clusterId = operations?.State.ClusterId ?? 1;

    public IReplicatedStore Store => store;

    /// <exception cref="RpcException">There is nothing to operate.</exception>
    public IMemberOperations Operations => operations ?? throw EtcdErrors.Of(EtcdErrors.NothingToOperate);

    /// <summary>Null where there is nothing to operate.</summary>
    public MemberState? State => operations?.State;

    /// <summary>What stands in every response.</summary>
    public ResponseHeader Header(Revision revision)
    {
        var leadership = store.Leadership;
        return new ResponseHeader { ClusterId = _clusterId, MemberId = leadership.Self.Value, Revision = revision.Value, RaftTerm = (ulong)leadership.Term };
    }

    /// <summary>A header for what reads nothing: it tells the revision that this member has.</summary>
    public ResponseHeader Header() => Header(store.Latest.Revision);

    /// <param name="isSerializable">What this member has, without asking the others.</param>
    /// <exception cref="RpcException">No quorum confirmed who leads.</exception>
    public async ValueTask<StoreView> ReadAsync(bool isSerializable)
    {
        if (isSerializable) return store.Latest;
        try
        {
            return await store.ReadAsync(CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            throw EtcdErrors.Of(store.Leadership.Leader is null ? EtcdErrors.NoLeader : EtcdErrors.TimedOut);
        }
    }

    /// <summary>Completes when the command is durable on a majority and applied here.</summary>
    /// <remarks>A client that goes away does not stop it: by then it may be in the log, and what is in the log is carried out.</remarks>
    /// <exception cref="RpcException">It was refused, or its end is not known.</exception>
    public async ValueTask<T> ProposeAsync<T>(Command command)
        where T : Result => await store.ProposeAsync(command, CancellationToken.None) switch
        {
            ProposalOutcome.Committed { Result: T result } => result,
            ProposalOutcome.Committed { Result: RefusedResult refused } => throw EtcdErrors.Of(refused),
            ProposalOutcome.NotLeader => throw EtcdErrors.Of(EtcdErrors.NoLeader),
            ProposalOutcome.Rejected => throw EtcdErrors.Of(EtcdErrors.TooManyRequests),
            ProposalOutcome.Unknown => throw EtcdErrors.Of(EtcdErrors.TimedOut),
            var other => throw new InvariantViolationException($"a {command.GetType().Name} ended as {other}"),
        };

    /// <summary>The view that shows <paramref name="revision"/>; 0 and below mean the newest.</summary>
    /// <exception cref="RpcException">It is compacted, or not reached yet.</exception>
    public static StoreView At(StoreView newest, long revision)
    {
        if (revision <= 0) return newest;
        if (revision > newest.Revision.Value) throw EtcdErrors.Of(EtcdErrors.FutureRevision);
        return newest.At(new Revision(revision)) ?? throw EtcdErrors.Of(EtcdErrors.Compacted);
    }
}
