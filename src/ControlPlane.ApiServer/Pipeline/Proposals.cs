using ControlPlane.Api.Errors;
using ControlPlane.Replica;
using ControlPlane.Store.Commands;

namespace ControlPlane.ApiServer.Pipeline;

/// <summary>Hands commands to the log and turns what became of them into answers.</summary>
internal static class Proposals
{
    // An election takes well under a second; a client should not see one. Longer than this, it is better served by a clear refusal.
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>Completes when the command is durable on a majority and applied here.</summary>
    /// <exception cref="ApiException">507 when the store is full, 503 when nobody leads, 429 when the log is full, 504 when the outcome is unknown.</exception>
    public static Task<T> ProposeAsync<T>(this PipelineContext context, Command command, CancellationToken cancellationToken) where T : Result =>
        context.ProposeAsync<T>(() => context.Store.ProposeAsync(command, cancellationToken), cancellationToken);

    /// <summary>The same for a change of a Lease, which shares a log entry with others.</summary>
    public static Task<TransactionResult> ProposeRenewalAsync(this PipelineContext context, Transaction renewal, CancellationToken cancellationToken) =>
        context.ProposeAsync<TransactionResult>(() => context.Renewals.ProposeAsync(renewal, cancellationToken), cancellationToken);

    /// <summary>What a client is told when the store itself says no.</summary>
    public static ApiException ErrorFor(RefusedResult refused) => refused.Refusal switch
    {
        Refusal.NoSpace => ApiErrors.InsufficientStorage($"the write was not carried out, the store is full: {refused.Reason}"),
        Refusal.Corrupt => ApiErrors.ServiceUnavailable($"the write was not carried out: {refused.Reason}"),
        _ => ApiErrors.Internal($"the store refused the write: {refused.Reason}"),
    };

    private static async Task<T> ProposeAsync<T>(this PipelineContext context, Func<Task<ProposalOutcome>> propose, CancellationToken cancellationToken) where T : Result
    {
        var started = context.Time.GetTimestamp();
        while (true)
        {
            switch (await propose())
            {
                case ProposalOutcome.Committed { Result: T result }:
                    return result;
                case ProposalOutcome.Committed { Result: RefusedResult refused }:
                    throw ErrorFor(refused);
                case ProposalOutcome.NotLeader when context.Time.GetElapsedTime(started) < LeaderPatience:
                    // It never entered the log, so proposing again is safe.
                    await Task.Delay(RetryDelay, context.Time, cancellationToken);
                    break;
                case ProposalOutcome.NotLeader:
                    throw ApiErrors.ServiceUnavailable("no server leads the cluster at the moment; the write was not carried out; try again");
                case ProposalOutcome.Rejected rejected:
                    throw ApiErrors.TooManyRequests($"the write was not carried out: {rejected.Reason}", 1);
                case ProposalOutcome.Unknown unknown:
                    throw ApiErrors.Timeout($"the outcome of the write is unknown: {unknown.Reason}; read the object before trying again");
                case var other:
                    throw new InvariantViolationException($"a write of the API ended as {other}");
            }
        }
    }
}
