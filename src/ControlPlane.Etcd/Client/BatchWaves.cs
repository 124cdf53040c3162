using System.Collections.Immutable;
using ControlPlane.Store.Commands;

namespace ControlPlane.Etcd.Client;

/// <summary>Cuts a batch where a transaction could see what an earlier one does, so that what lies between cuts may run in any order.</summary>
internal static class BatchWaves
{
    public static IEnumerable<Range> Of(ImmutableArray<Transaction> transactions)
    {
        var start = 0;
        var touched = new HashSet<string>();
        for (var index = 0; index < transactions.Length; index++)
        {
            var keys = KeysOf(transactions[index]);
            if (index > start && (keys is null || touched.Overlaps(keys)))
            {
                yield return start..index;
                start = index;
                touched.Clear();
            }

            if (keys is not null)
            {
                touched.UnionWith(keys);
                continue;
            }

            yield return start..(index + 1);
            start = index + 1;
            touched.Clear();
        }

        if (start < transactions.Length) yield return start..transactions.Length;
    }

    /// <summary>Every key that is read, compared or changed, as text; null when a range is among them, which is taken to touch everything.</summary>
    private static HashSet<string>? KeysOf(Transaction transaction)
    {
        var keys = new HashSet<string>();
        return TryCollect(transaction, keys) ? keys : null;
    }

    private static bool TryCollect(Transaction transaction, HashSet<string> keys)
    {
        if (transaction.Compares.Any(compare => compare.End is not null)) return false;
        keys.UnionWith(transaction.Compares.Select(compare => Text(compare.Key)));
        foreach (var operation in transaction.Success.Concat(transaction.Failure))
        {
            switch (operation)
            {
                case Operation.Put put:
                    keys.Add(Text(put.Key));
                    break;
                case Operation.Delete { End: null } delete:
                    keys.Add(Text(delete.Key));
                    break;
                case Operation.Read { End: null } read:
                    keys.Add(Text(read.Key));
                    break;
                case Operation.Nested nested when TryCollect(nested.Transaction, keys):
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static string Text(ReadOnlyMemory<byte> key) => Convert.ToHexString(key.Span);
}
