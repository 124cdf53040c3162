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
public sealed record CompactResult(Revision Floor) : Result;

/// <summary>The command was well-formed but may not run; nothing changed.</summary>
/// <param name="Reason">A sentence for the caller: what was wrong and what would be right.</param>
public sealed record RefusedResult(string Reason) : Result;

public abstract record OperationResult
{
    /// <param name="Previous">The record that was replaced, or null.</param>
    public sealed record Put(Record? Previous) : OperationResult;

    public sealed record Delete(ImmutableArray<Record> Deleted) : OperationResult;

    public sealed record Read(ImmutableArray<Record> Records) : OperationResult;
}
