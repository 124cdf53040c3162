using System.Collections.Immutable;
using ControlPlane.Store.Leases;

namespace ControlPlane.Store.Commands;

/// <summary>What the replicated log carries: a deterministic change of the store.</summary>
public abstract record Command;

/// <summary>If every comparison holds, <paramref name="Success"/> is carried out, else <paramref name="Failure"/>; as one revision.</summary>
/// <param name="Compares">ANDed; empty means "always".</param>
/// <param name="Success">Carried out in order; a key may be changed once only.</param>
/// <param name="Failure">Carried out in order when a comparison fails.</param>
public sealed record Transaction(
    ImmutableArray<Compare> Compares,
    ImmutableArray<Operation> Success,
    ImmutableArray<Operation> Failure) : Command
{
    /// <summary>How deep transactions may be nested; 64 is more than any client's messages can carry, and no danger to a stack.</summary>
    public const int DepthMax = 64;

    /// <summary>1, and one more for each level of transactions inside it.</summary>
    public int Depth => 1 + Success.Concat(Failure).OfType<Operation.Nested>().Select(nested => nested.Transaction.Depth).DefaultIfEmpty(0).Max();

    /// <summary>Puts <paramref name="value"/> if the key is still at <paramref name="expected"/> (<see cref="Revision.Zero"/>: does not exist).</summary>
    public static Transaction PutIf(ReadOnlyMemory<byte> key, Revision expected, ReadOnlyMemory<byte> value) =>
        new([new Compare.ModifiedRevision(key, Comparison.Equal, expected)], [new Operation.Put(key, value, LeaseId.None)], []);

    /// <summary>Deletes the key if it is still at <paramref name="expected"/>.</summary>
    public static Transaction DeleteIf(ReadOnlyMemory<byte> key, Revision expected) =>
        new([new Compare.ModifiedRevision(key, Comparison.Equal, expected)], [new Operation.Delete(key, null)], []);
}

/// <summary>Independent transactions that share one log entry; each gets its own revision and its own answer, in order.</summary>
public sealed record Batch(ImmutableArray<Transaction> Transactions) : Command;

/// <summary>Creates a lease of <paramref name="TimeToLiveSeconds"/> (&gt; 0, at most <see cref="Lease.TimeToLiveSecondsMax"/>) under an id that the caller chose.</summary>
public sealed record GrantLease(LeaseId Lease, long TimeToLiveSeconds) : Command;

/// <summary>Renews leases; unknown ones are reported back, not created.</summary>
public sealed record RenewLeases(ImmutableArray<LeaseId> Leases) : Command;

/// <summary>Removes a lease and, in the same revision, every key under it, whatever time it has left.</summary>
public sealed record RevokeLease(LeaseId Lease) : Command;

/// <summary>Revokes leases whose time is over, each in a revision of its own. A lease that was renewed after it was seen stays and is reported back,
/// so that a decision that took long on its way, or was made by a leader since deposed, ends nobody's lease early.</summary>
public sealed record ExpireLeases(ImmutableArray<LeaseSighting> Leases) : Command;

/// <summary>Keeps how much time leases have left, so that a restart or another leader does not give them all of it again. Only ever lowers it;
/// does nothing to a lease that was renewed after it was seen.</summary>
public sealed record CheckpointLeases(ImmutableArray<LeaseCheckpoint> Leases) : Command;

/// <param name="Lease">The lease and the life it was seen in.</param>
/// <param name="RemainingSeconds">Rounded up; at least 1.</param>
public readonly record struct LeaseCheckpoint(LeaseSighting Lease, long RemainingSeconds);

/// <summary>How many bytes the keys and values of the newest revision may have. Below what is there already, it takes nothing away: writes that grow
/// are refused until there is less.</summary>
public sealed record SetQuota(long Bytes) : Command;

/// <summary>Raises or ends an alarm.</summary>
public sealed record SetAlarm(Alarm Alarm, bool IsRaised) : Command;

/// <summary>Forgets history at and below <paramref name="Floor"/>; the newest value of each key stays.</summary>
public sealed record Compact(Revision Floor) : Command;

public enum Comparison
{
    Equal,
    NotEqual,
    Less,
    Greater,
}

/// <summary>A condition on one key. A key that does not exist has revisions 0, version 0, no lease and an empty value.</summary>
public abstract record Compare(ReadOnlyMemory<byte> Key, Comparison Comparison)
{
    /// <summary>When given, the condition must hold for every key in [Key, End), and if there is none, for a key that does not exist; an empty end
    /// means "to the last key".</summary>
    public ReadOnlyMemory<byte>? End { get; init; }

    public sealed record CreatedRevision(ReadOnlyMemory<byte> Key, Comparison Comparison, Revision Target) : Compare(Key, Comparison);

    public sealed record ModifiedRevision(ReadOnlyMemory<byte> Key, Comparison Comparison, Revision Target) : Compare(Key, Comparison);

    public sealed record Version(ReadOnlyMemory<byte> Key, Comparison Comparison, long Target) : Compare(Key, Comparison);

    public sealed record Value(ReadOnlyMemory<byte> Key, Comparison Comparison, ReadOnlyMemory<byte> Target) : Compare(Key, Comparison);

    public sealed record Lease(ReadOnlyMemory<byte> Key, Comparison Comparison, LeaseId Target) : Compare(Key, Comparison);
}

/// <summary>One step of a transaction.</summary>
public abstract record Operation
{
    public sealed record Put(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, LeaseId Lease) : Operation
    {
        /// <summary>Leaves the value as it is and ignores <see cref="Value"/>; refused when the key does not exist.</summary>
        public bool KeepsValue { get; init; }

        /// <summary>Leaves the key under the lease it has and ignores <see cref="Lease"/>; refused when the key does not exist.</summary>
        public bool KeepsLease { get; init; }
    }

    /// <summary>Deletes <paramref name="Key"/>, or with <paramref name="End"/> every key in [Key, End); an empty end means "to the last key".</summary>
    public sealed record Delete(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? End) : Operation;

    /// <summary>Reads <paramref name="Key"/>, or with <paramref name="End"/> [Key, End), within the transaction; an empty end means "to the last key".</summary>
    public sealed record Read(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte>? End, int? Limit) : Operation;

    /// <summary>A transaction inside the transaction: its branch is chosen, as the outer one, by the state before the first change, and what it does
    /// belongs to the same revision.</summary>
    public sealed record Nested(Transaction Transaction) : Operation;
}
