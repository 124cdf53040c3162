using System.Collections.Immutable;

namespace ControlPlane.Store.Commands;

/// <summary>The deterministic answer to a <see cref="Command"/>; equal on every member.</summary>
public abstract record Result;

/// <param name="Succeeded">Whether every comparison held.</param>
/// <param name="Revision">The store's revision after the transaction; unchanged when nothing was mutated.</param>
/// <param name="Operations">One element an operation of the branch that ran, in order.</param>
public sealed record TransactionResult(bool Succeeded, Revision Revision, ImmutableArray<OperationResult> Operations) : Result;

/// <param name="Transactions">One element a transaction, in order: a <see cref="TransactionResult"/>, or a <see cref="RefusedResult"/> for one that may not run.</param>
public sealed record BatchResult(ImmutableArray<Result> Transactions) : Result;

/// <param name="Unknown">Leases named by the command that do not exist (or, for a grant, exist already; for an expiry or a checkpoint, were renewed since).</param>
public sealed record LeaseResult(ImmutableArray<LeaseId> Unknown, Revision Revision) : Result;

/// <param name="Floor">The committed floor in force after the command; a member's own history may start later.</param>
/// <param name="HasMoved">False when the floor was as high before.</param>
public sealed record CompactResult(Revision Floor, bool HasMoved) : Result;

/// <param name="Alarms">All that are raised after the command.</param>
public sealed record AlarmResult(ImmutableArray<Alarm> Alarms) : Result;

/// <param name="Bytes">The quota in force.</param>
public sealed record QuotaResult(long Bytes) : Result;

/// <summary>The command may not run; nothing changed.</summary>
/// <param name="Reason">A sentence for the caller: what was wrong and what would be right.</param>
public sealed record RefusedResult(string Reason) : Result
{
    /// <summary>The same for programs.</summary>
    public Refusal Refusal { get; init; }
}

/// <summary>Why a command may not run.</summary>
public enum Refusal
{
    /// <summary>It makes no sense in any state.</summary>
    Malformed,

    /// <summary>A transaction changes a key twice.</summary>
    ChangedTwice,

    /// <summary>A put names a lease that does not exist.</summary>
    NoSuchLease,

    /// <summary>A put keeps the value or the lease of a key that does not exist.</summary>
    NoSuchKey,

    /// <summary>It names a revision that is not reached yet.</summary>
    InTheFuture,

    /// <summary>Live data would outgrow its quota.</summary>
    NoSpace,

    /// <summary>Members disagree about the state, and an operator must decide.</summary>
    Corrupt,
}

public abstract record OperationResult
{
    /// <param name="Previous">The record that was replaced, or null.</param>
    public sealed record Put(Record? Previous) : OperationResult;

    public sealed record Delete(ImmutableArray<Record> Deleted) : OperationResult;

    /// <param name="Records">In key order, at most as many as the limit.</param>
    /// <param name="Count">How many there are without the limit.</param>
    public sealed record Read(ImmutableArray<Record> Records, long Count) : OperationResult;

    /// <param name="Succeeded">Whether every comparison of the nested transaction held.</param>
    /// <param name="Operations">One element an operation of its branch that ran, in order.</param>
    public sealed record Nested(bool Succeeded, ImmutableArray<OperationResult> Operations) : OperationResult;
}
