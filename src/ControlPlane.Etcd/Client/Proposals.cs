using System.Collections.Immutable;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;
using StoreLease = ControlPlane.Store.Leases.Lease;

namespace ControlPlane.Etcd.Client;

/// <summary>Carries commands out on etcd and waits until the mirror shows what they did.</summary>
internal sealed class Proposals(EtcdEndpoints endpoints, KeyLayout layout, Mirror mirror, CatchUp catchUp, LeaseClock leases, EtcdStoreOptions options)
{
    // Enough to share etcd's sync among many, few enough that other calls are not queued behind one batch.
    private const int BatchCallsMax = 64;

    public async Task<ProposalOutcome> ProposeAsync(Command command) => command switch
    {
        Transaction transaction => await ProposeAsync(transaction),
        Batch batch => await ProposeAsync(batch),
        GrantLease grant => await GrantAsync(grant),
        RenewLeases renew => await RenewAsync(renew),
        RevokeLease revoke => await RevokeAsync(revoke),
        Compact compact => await CompactAsync(compact),
        _ => new ProposalOutcome.Rejected($"etcd does this by itself: {command.GetType().Name} is for a store of our own"),
    };

    private async Task<ProposalOutcome> ProposeAsync(Transaction transaction)
    {
        if (TransactionRules.Refusal(transaction) is { } malformed) return new ProposalOutcome.Committed(malformed);
        if (TransactionMessage.IsTooLenient(transaction))
        {
            return new ProposalOutcome.Rejected($"more than {TransactionMessage.LenientMax} comparisons of values that hold for a missing key; compare versions as well, or split the transaction");
        }

        var message = new TransactionMessage(layout, transaction);
        return await AskAsync(
            async connection => await connection.Keys.TxnAsync(message.Request, deadline: Deadline()),
            async response =>
            {
                var result = message.Result(response);
                if (HasChanged(result.Operations)) catchUp.Expect(result.Revision);
                return await WhenShownAsync(result, result.Revision);
            });
    }

    /// <summary>Transactions that touch different keys travel together, others one after the other.</summary>
    private async Task<ProposalOutcome> ProposeAsync(Batch batch)
    {
        var outcomes = new ProposalOutcome[batch.Transactions.Length];
        foreach (var wave in BatchWaves.Of(batch.Transactions))
        {
            foreach (var part in Enumerable.Range(wave.Start.Value, wave.End.Value - wave.Start.Value).Chunk(BatchCallsMax))
            {
                await Task.WhenAll(part.Select(async index => outcomes[index] = await ProposeAsync(batch.Transactions[index])));
            }
        }

        return Joined(outcomes);
    }

    // Each transaction has its own fate in etcd. One word for all of them is only true when they share it, or when each has a definite answer.
    private static ProposalOutcome Joined(ProposalOutcome[] outcomes)
    {
        if (outcomes.FirstOrDefault(outcome => outcome is ProposalOutcome.Unknown) is { } unknown) return unknown;
        if (outcomes.Length > 0 && outcomes.All(outcome => outcome is ProposalOutcome.NotLeader)) return outcomes[0];
        if (outcomes.Any(outcome => outcome is ProposalOutcome.NotLeader)) return new ProposalOutcome.Unknown("etcd became unreachable in the middle of a batch; part of it is carried out");
        return new ProposalOutcome.Committed(new BatchResult([.. outcomes.Select(outcome => outcome switch
        {
            ProposalOutcome.Committed committed => committed.Result,
            ProposalOutcome.Rejected rejected => new RefusedResult(rejected.Reason),
            _ => throw new InvariantViolationException($"no such outcome: {outcome}"),
        })]));
    }

    private async Task<ProposalOutcome> GrantAsync(GrantLease grant)
    {
        if (grant.Lease == LeaseId.None) return Refused("a lease id must not be 0");
        if (grant.TimeToLiveSeconds <= 0) return Refused($"a lease lives at least one second, not {grant.TimeToLiveSeconds}");
        if (grant.TimeToLiveSeconds > StoreLease.TimeToLiveSecondsMax) return Refused($"a lease lives at most {StoreLease.TimeToLiveSecondsMax} seconds, not {grant.TimeToLiveSeconds}");
        return await AskAsync(
            async connection =>
            {
                try
                {
                    return await connection.Leases.LeaseGrantAsync(new LeaseGrantRequest { ID = grant.Lease.Value, TTL = grant.TimeToLiveSeconds }, deadline: Deadline());
                }
                catch (RpcException exists) when (exists.StatusCode == StatusCode.FailedPrecondition && exists.Status.Detail.Contains("already exists"))
                {
                    return null;
                }
            },
            granted =>
            {
                if (granted is null) return Committed(new LeaseResult([grant.Lease], mirror.Revision));
                // etcd may have raised it to its least.
                mirror.NoteLease(grant.Lease, granted.TTL);
                leases.Renewed(grant.Lease, TimeSpan.FromSeconds(granted.TTL));
                return Committed(new LeaseResult([], new Revision(granted.Header.Revision)));
            });
    }

    private Task<ProposalOutcome> RenewAsync(RenewLeases renew) => AskAsync(
        async connection =>
        {
            var unknown = ImmutableArray.CreateBuilder<LeaseId>();
            var revision = mirror.Revision;
            using var call = connection.Leases.LeaseKeepAlive(EtcdConnection.NeedsLeader(), deadline: Deadline());
            foreach (var lease in renew.Leases)
            {
                await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = lease.Value });
                if (!await call.ResponseStream.MoveNext()) throw new RpcException(new Status(StatusCode.Unavailable, "etcd ended the stream of renewals"));
                var answer = call.ResponseStream.Current;
                revision = new Revision(answer.Header.Revision);
                if (answer.TTL <= 0)
                {
                    unknown.Add(lease);
                    continue;
                }

                mirror.NoteLease(lease, answer.TTL);
                leases.Renewed(lease, TimeSpan.FromSeconds(answer.TTL));
            }

            await call.RequestStream.CompleteAsync();
            return new LeaseResult(unknown.DrainToImmutable(), revision);
        },
        Committed);

    private Task<ProposalOutcome> RevokeAsync(RevokeLease revoke) => AskAsync(
        async connection =>
        {
            try
            {
                return await connection.Leases.LeaseRevokeAsync(new LeaseRevokeRequest { ID = revoke.Lease.Value }, deadline: Deadline());
            }
            catch (RpcException missing) when (missing.StatusCode == StatusCode.NotFound)
            {
                return null;
            }
        },
        async revoked =>
        {
            if (revoked is null) return new ProposalOutcome.Committed(new LeaseResult([revoke.Lease], mirror.Revision));
            var revision = new Revision(revoked.Header.Revision);
            var shown = await WhenShownAsync(new LeaseResult([], revision), revision);
            if (mirror.TryForgetLease(revoke.Lease)) leases.Ended(revoke.Lease);
            return shown;
        });

    private Task<ProposalOutcome> CompactAsync(Compact compact) => AskAsync(
        async connection =>
        {
            // The store's empty state is no revision of etcd's: there is nothing before it to forget.
            if (compact.Floor <= Revision.Zero) return false;
            try
            {
                await connection.Keys.CompactAsync(new CompactionRequest { Revision = compact.Floor.Value }, deadline: Deadline());
                return true;
            }
            catch (RpcException compacted) when (compacted.StatusCode == StatusCode.OutOfRange && compacted.Status.Detail.Contains("has been compacted"))
            {
                return false;
            }
        },
        async hasMoved =>
        {
            if (hasMoved && await NotShownAsync(compact.Floor) is { } unknown) return unknown;
            return new ProposalOutcome.Committed(new CompactResult(mirror.NoteCompaction(compact.Floor), hasMoved));
        });

    private async Task<ProposalOutcome> AskAsync<T>(Func<EtcdConnection, Task<T>> ask, Func<T, Task<ProposalOutcome>> answer)
    {
        var connection = endpoints.Current;
        T response;
        try
        {
            response = await ask(connection);
        }
        catch (RpcException failed)
        {
            if (CallFailure.IsOfTheMember(failed)) endpoints.Leave(connection);
            return CallFailure.Of(failed) switch
            {
                CallFailure.NotTaken => new ProposalOutcome.NotLeader(null),
                CallFailure.Refused { Refusal: { } refusal } refused => new ProposalOutcome.Committed(new RefusedResult(refused.Reason) { Refusal = refusal }),
                CallFailure.Refused refused => new ProposalOutcome.Rejected(refused.Reason),
                var unknown => new ProposalOutcome.Unknown(unknown.Reason),
            };
        }
        catch (ObjectDisposedException)
        {
            return new ProposalOutcome.NotLeader(null);
        }

        return await answer(response);
    }

    private async Task<ProposalOutcome> WhenShownAsync(Result result, Revision revision) =>
        await NotShownAsync(revision) is { } unknown ? unknown : new ProposalOutcome.Committed(result);

    /// <returns>Null when the mirror shows the revision.</returns>
    private async Task<ProposalOutcome.Unknown?> NotShownAsync(Revision revision)
    {
        using var patience = new CancellationTokenSource(options.RequestTimeout);
        try
        {
            await catchUp.ReachAsync(revision, patience.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return new ProposalOutcome.Unknown($"etcd answered for revision {revision}, but its watch has not shown it in {options.RequestTimeout.TotalSeconds} s");
        }
    }

    private static Task<ProposalOutcome> Committed(Result result) => Task.FromResult<ProposalOutcome>(new ProposalOutcome.Committed(result));

    private static ProposalOutcome.Committed Refused(string reason) => new(new RefusedResult(reason));

    private static bool HasChanged(ImmutableArray<OperationResult> operations) => operations.Any(operation => operation switch
    {
        OperationResult.Put => true,
        OperationResult.Delete delete => !delete.Deleted.IsEmpty,
        OperationResult.Nested nested => HasChanged(nested.Operations),
        _ => false,
    });

    private DateTime Deadline() => Calls.Deadline(options.RequestTimeout);
}
