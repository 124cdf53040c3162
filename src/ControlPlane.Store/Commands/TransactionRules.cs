using System.Collections.Immutable;

namespace ControlPlane.Store.Commands;

/// <summary>What a transaction may ask for, and when a comparison holds.</summary>
public static class TransactionRules
{
    /// <summary>Why the transaction may not run whatever the state, or null. Both branches must be well-formed, also of nested transactions, so that the
    /// answer does not depend on which one would have run.</summary>
    public static RefusedResult? Refusal(Transaction transaction) => Refusal(transaction, 1, null, 0);

    private static RefusedResult? Refusal(Transaction transaction, int depth, ChangedKeys? outer, int part)
    {
        if (depth > Transaction.DepthMax) return new RefusedResult($"transactions are nested more than {Transaction.DepthMax} deep");
        foreach (var compare in transaction.Compares)
        {
            if (compare.Key.IsEmpty && compare.End is null) return new RefusedResult("a comparison names an empty key");
        }

        return Refusal(transaction.Success, depth, outer, part) ?? Refusal(transaction.Failure, depth, outer, part);
    }

    /// <summary>Whether the comparison holds for <paramref name="record"/>; null stands for revisions 0, version 0, no lease and an empty value.</summary>
    public static bool Holds(Compare compare, Record? record)
    {
        var order = compare switch
        {
            Compare.CreatedRevision created => (record?.Created ?? Revision.Zero).CompareTo(created.Target),
            Compare.ModifiedRevision modified => (record?.Modified ?? Revision.Zero).CompareTo(modified.Target),
            Compare.Version version => (record?.Version ?? 0).CompareTo(version.Target),
            Compare.Value value => (record?.Value ?? default).Span.SequenceCompareTo(value.Target.Span),
            Compare.Lease lease => (record?.Lease ?? LeaseId.None).Value.CompareTo(lease.Target.Value),
            _ => throw new InvariantViolationException($"no such comparison: {compare.GetType().Name}"),
        };
        return compare.Comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.Greater => order > 0,
            _ => throw new InvariantViolationException($"no such comparison: {(int)compare.Comparison}"),
        };
    }

    /// <param name="outer">Where the transaction around this one collects what its parts change; null for the outermost.</param>
    /// <param name="part">Which part of the outer transaction this is: what its two branches change may be the same, since only one runs.</param>
    private static RefusedResult? Refusal(ImmutableArray<Operation> operations, int depth, ChangedKeys? outer, int part)
    {
        var changed = operations.Length > 1 ? new ChangedKeys() : null;
        for (var index = 0; index < operations.Length; index++)
        {
            switch (operations[index])
            {
                case Operation.Put put:
                    if (put.Key.IsEmpty) return new RefusedResult("a put names an empty key");
                    changed?.Add(put, index);
                    outer?.Add(put, part);
                    break;
                case Operation.Delete delete:
                    changed?.Add(delete, index);
                    outer?.Add(delete, part);
                    break;
                case Operation.Read read:
                    if (read.Limit < 0) return new RefusedResult($"a read's limit is {read.Limit}; leave it out to read everything");
                    break;
                case Operation.Nested nested:
                    var inner = changed is null && outer is null ? null : new ChangedKeys();
                    if (Refusal(nested.Transaction, depth + 1, inner, index) is { } wrong) return wrong;
                    if (inner is null) break;
                    changed?.Add(inner, index);
                    outer?.Add(inner, part);
                    break;
                default:
                    throw new InvariantViolationException($"no such operation: {operations[index].GetType().Name}");
            }
        }

        return changed?.FindTwiceChanged() is { } key
            ? new RefusedResult($"key {Convert.ToHexString(key.Span)} (hex) is changed twice in one transaction; split it into two") { Refusal = Commands.Refusal.ChangedTwice }
            : null;
    }
}
