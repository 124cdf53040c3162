using System.Text;
using ControlPlane.Replica;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Watches;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Tests.Etcd.Client;

/// <summary>Answers as text, so that two stores' can be compared and a difference can be read.</summary>
internal static class Spelling
{
    public static string Of(ProposalOutcome outcome) => outcome is ProposalOutcome.Committed committed ? Of(committed.Result) : outcome.ToString();

    public static string Of(Result result) => result switch
    {
        TransactionResult transaction => $"{(transaction.Succeeded ? "yes" : "no")} @{transaction.Revision}: {Of(transaction.Operations)}",
        BatchResult batch => string.Join(" | ", batch.Transactions.Select(Of)),
        LeaseResult lease => $"unknown [{string.Join(' ', lease.Unknown)}] @{lease.Revision}",
        // What a person reads may differ, what a program decides by may not.
        RefusedResult refused => $"refused: {refused.Refusal}",
        _ => result.ToString(),
    };

    public static string Of(IEnumerable<Record> records) => string.Join('\n', records.Select(Of));

    public static string Of(Record? record) => record is null
        ? "nothing"
        : $"{Text(record.Key)}={Text(record.Value)} created {record.Created} modified {record.Modified} version {record.Version} lease {record.Lease}";

    public static string Of(ChangesOutcome outcome) => outcome switch
    {
        ChangesOutcome.Read read => string.Join('\n', read.Changes.Select(change => $"@{change.Revision} {Text(change.Key)}: {Of(change.Current)} <- {Of(change.Previous)}").Append($"through {read.Through}")),
        _ => outcome.ToString(),
    };

    public static string Of(Command command) => command switch
    {
        Transaction transaction => $"if [{string.Join(", ", transaction.Compares.Select(Of))}] then [{string.Join(", ", transaction.Success.Select(Of))}] else [{string.Join(", ", transaction.Failure.Select(Of))}]",
        Batch batch => string.Join(" | ", batch.Transactions.Select(Of)),
        RenewLeases renew => $"renew {string.Join(' ', renew.Leases)}",
        _ => command.ToString(),
    };

    private static string Of(Compare compare) => $"{compare.GetType().Name} of {Text(compare.Key)}{End(compare.End)} {compare.Comparison} {compare switch
    {
        Compare.CreatedRevision created => created.Target,
        Compare.ModifiedRevision modified => modified.Target,
        Compare.Version version => version.Target,
        Compare.Value value => Text(value.Target),
        Compare.Lease lease => (object)lease.Target,
        _ => "?",
    }}";

    private static string Of(Operation operation) => operation switch
    {
        Operation.Put put => $"put {Text(put.Key)}={(put.KeepsValue ? "(kept)" : Text(put.Value))} lease {(put.KeepsLease ? "(kept)" : put.Lease)}",
        Operation.Delete delete => $"delete {Text(delete.Key)}{End(delete.End)}",
        Operation.Read read => $"read {Text(read.Key)}{End(read.End)} limit {read.Limit}",
        Operation.Nested nested => $"({Of(nested.Transaction)})",
        _ => operation.ToString(),
    };

    private static string Of(IEnumerable<OperationResult> results) => string.Join("; ", results.Select(result => result switch
    {
        OperationResult.Put put => $"put over {Of(put.Previous)}",
        OperationResult.Delete delete => $"deleted {Of(delete.Deleted)}",
        OperationResult.Read read => $"read {read.Count}: {Of(read.Records)}",
        OperationResult.Nested nested => $"nested {(nested.Succeeded ? "yes" : "no")}: ({Of(nested.Operations)})",
        _ => result.ToString(),
    }));

    private static string End(ReadOnlyMemory<byte>? end) => end is { } bound ? $"..{(bound.IsEmpty ? "last" : Text(bound))}" : "";

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.Latin1.GetString(bytes.Span);
}
