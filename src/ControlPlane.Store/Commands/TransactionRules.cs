using System.Collections.Immutable;

namespace ControlPlane.Store.Commands;

/// <summary>What a transaction may ask for, and when a comparison holds.</summary>
internal static class TransactionRules
{
    /// <summary>Why the transaction may not run whatever the state, or null. Both branches must be well-formed, so that the answer does not
    /// depend on which one would have run.</summary>
    public static RefusedResult? Refusal(Transaction transaction)
    {
        foreach (var compare in transaction.Compares)
        {
            if (compare.Key.IsEmpty) return new RefusedResult("a comparison names an empty key");
        }

        return Refusal(transaction.Success) ?? Refusal(transaction.Failure);
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

    private static RefusedResult? Refusal(ImmutableArray<Operation> operations)
    {
        var puts = new List<ReadOnlyMemory<byte>>();
        foreach (var operation in operations)
        {
            var (key, limit) = operation switch
            {
                Operation.Put put => (put.Key, null),
                Operation.Delete delete => (delete.Key, null),
                Operation.Read read => (read.Key, read.Limit),
                _ => throw new InvariantViolationException($"no such operation: {operation.GetType().Name}"),
            };
            if (key.IsEmpty && operation is Operation.Put) return new RefusedResult("a put names an empty key");
            if (limit < 0) return new RefusedResult($"a read's limit is {limit}; leave it out to read everything");
            if (operation is Operation.Put) puts.Add(key);
        }

        if (puts.Count == 0 || operations.Length == 1) return null;
        puts.Sort((left, right) => left.Span.SequenceCompareTo(right.Span));
        for (var index = 1; index < puts.Count; index++)
        {
            if (puts[index].Span.SequenceEqual(puts[index - 1].Span)) return new RefusedResult(TwiceChanged(puts[index]));
        }

        foreach (var operation in operations)
        {
            if (operation is Operation.Delete delete && TryFindPut(puts, delete, out var key)) return new RefusedResult(TwiceChanged(key));
        }

        return null;
    }

    /// <summary>A key that is put and deleted: which of both would win is not the store's to guess.</summary>
    private static bool TryFindPut(List<ReadOnlyMemory<byte>> sortedPuts, Operation.Delete delete, out ReadOnlyMemory<byte> key)
    {
        int low = 0, high = sortedPuts.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (sortedPuts[middle].Span.SequenceCompareTo(delete.Key.Span) < 0) low = middle + 1;
            else high = middle;
        }

        key = low < sortedPuts.Count ? sortedPuts[low] : default;
        if (low == sortedPuts.Count) return false;
        return delete.End is { } end
            ? key.Span.SequenceCompareTo(end.Span) < 0
            : key.Span.SequenceEqual(delete.Key.Span);
    }

    private static string TwiceChanged(ReadOnlyMemory<byte> key) =>
        $"key {Convert.ToHexString(key.Span)} (hex) is changed twice in one transaction; split it into two";
}
