using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica;

/// <summary>The seam between the API and the log: propose, read, follow, and know who leads. Implemented by our own
/// <c>ReplicaHost</c>, and open for another store behind the same words (DESIGN: the same seam over etcd).</summary>
public interface IReplicatedStore
{
    /// <summary>The newest state applied on this member; may lag behind the leader. One volatile read.</summary>
    StoreView Latest { get; }

    /// <summary>A state at least as new as every write acknowledged before the call (linearizable, by read index).</summary>
    /// <exception cref="StoreUnavailableException">No quorum confirmed leadership in time.</exception>
    ValueTask<StoreView> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Proposes a command, here or by forwarding to the leader; completes when it is durable on a majority and applied on this member, or refused, or unknown.</summary>
    Task<ProposalOutcome> ProposeAsync(Command command, CancellationToken cancellationToken);

    /// <summary>Completes when <see cref="Latest"/> shows a revision above <paramref name="after"/>; at once if it already does.</summary>
    ValueTask WaitForChangeAsync(Revision after, CancellationToken cancellationToken);

    /// <summary>What a lease has left by this member's own count, which is never less than the leader's; null when it does not exist here. A renewal is a
    /// <see cref="RenewLeases"/>; the leader ends leases whose time is over. Any thread.</summary>
    TimeSpan? LeaseRemaining(LeaseId lease);

    /// <summary>Who leads, as this member knows. One volatile read.</summary>
    Leadership Leadership { get; }

    /// <summary>Completes with the newest leadership once it differs from <paramref name="seen"/>.</summary>
    ValueTask<Leadership> WaitForLeadershipChangeAsync(Leadership seen, CancellationToken cancellationToken);

    /// <summary>The members of the group as this member knows them.</summary>
    IReadOnlyList<MemberStatus> Members { get; }
}
