using System.Collections.Immutable;
using ControlPlane.Store.Leases;
using ControlPlane.Store.Trees;

namespace ControlPlane.Store.Commands;

/// <summary>What a transaction does in one state: which of its branches runs, and which branches of the transactions nested in that one.</summary>
/// <param name="Succeeded">Whether every comparison held.</param>
/// <param name="Operations">The branch.</param>
/// <param name="Nested">One element a nested transaction of the branch, in order.</param>
internal sealed record ChosenBranch(bool Succeeded, ImmutableArray<Operation> Operations, ImmutableArray<ChosenBranch> Nested)
{
    public static ChosenBranch Of(Transaction transaction, RecordTree tree)
    {
        var succeeded = AllHold(transaction.Compares, tree);
        var operations = succeeded ? transaction.Success : transaction.Failure;
        // Loops, not queries: this runs for every put.
        var nested = ImmutableArray<ChosenBranch>.Empty;
        foreach (var operation in operations)
        {
            if (operation is Operation.Nested inner) nested = nested.Add(Of(inner.Transaction, tree));
        }

        return new ChosenBranch(succeeded, operations, nested);
    }

    /// <summary>Why the branch can not be carried out in this state, or null.</summary>
    public RefusedResult? Refusal(RecordTree tree, LeaseTable leases)
    {
        var nested = 0;
        foreach (var operation in Operations)
        {
            if (operation is Operation.Nested && Nested[nested++].Refusal(tree, leases) is { } inner) return inner;
            if (operation is not Operation.Put put) continue;
            // First the key, then the lease, as etcd judges: a client may act on which of both it is told.
            if ((put.KeepsValue || put.KeepsLease) && tree.Find(put.Key.Span) is null)
            {
                return new RefusedResult($"key {Convert.ToHexString(put.Key.Span)} (hex) does not exist, so that there is nothing to keep") { Refusal = Commands.Refusal.NoSuchKey };
            }

            if (put is { KeepsLease: false } && put.Lease != LeaseId.None && leases.Find(put.Lease) is null)
            {
                return new RefusedResult($"lease {put.Lease} does not exist; grant it before putting keys under it") { Refusal = Commands.Refusal.NoSuchLease };
            }
        }

        return null;
    }

    private static bool AllHold(ImmutableArray<Compare> compares, RecordTree tree)
    {
        foreach (var compare in compares)
        {
            if (!Holds(compare, tree)) return false;
        }

        return true;
    }

    private static bool Holds(Compare compare, RecordTree tree)
    {
        if (compare.End is not { } end) return TransactionRules.Holds(compare, tree.Find(compare.Key.Span));
        var isEmpty = true;
        foreach (var record in tree.Range(compare.Key, end.IsEmpty ? (ReadOnlyMemory<byte>?)null : end))
        {
            if (!TransactionRules.Holds(compare, record)) return false;
            isEmpty = false;
        }

        return !isEmpty || TransactionRules.Holds(compare, null);
    }
}
