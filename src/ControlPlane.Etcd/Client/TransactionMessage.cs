using System.Collections.Immutable;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using Compare = ControlPlane.Store.Commands.Compare;
using CompareMessage = ControlPlane.Etcd.Protocol.Compare;

namespace ControlPlane.Etcd.Client;

/// <summary>A transaction in etcd's words, and its answer in ours.</summary>
internal sealed class TransactionMessage
{
    /// <summary>Each such comparison doubles the message; nobody needs more than a few in one transaction.</summary>
    public const int LenientMax = 4;

    private readonly KeyLayout _layout;
    private readonly Transaction _transaction;
    private readonly ImmutableArray<Compare> _lenient;

    /// <param name="transaction">Within <see cref="TransactionRules"/>, with at most <see cref="LenientMax"/> lenient comparisons at each level.</param>
    public TransactionMessage(KeyLayout layout, Transaction transaction)
    {
        _layout = layout;
        _transaction = transaction;
        _lenient = [.. transaction.Compares.Where(IsLenient)];
        Request = Asked([.. transaction.Compares.Where(compare => !IsLenient(compare)).Select(Message)], 0);
    }

    public TxnRequest Request { get; }

    /// <summary>Whether etcd would be asked too much.</summary>
    public static bool IsTooLenient(Transaction transaction) =>
        transaction.Compares.Count(IsLenient) > LenientMax
        || transaction.Success.Concat(transaction.Failure).OfType<Operation.Nested>().Any(nested => IsTooLenient(nested.Transaction));

    public TransactionResult Result(TxnResponse response)
    {
        var (succeeded, operations) = Answer(response);
        return new TransactionResult(succeeded, new Revision(response.Header.Revision), operations);
    }

    private (bool Succeeded, ImmutableArray<OperationResult> Operations) Answer(TxnResponse response)
    {
        // Each lenient comparison has wrapped the transaction once.
        foreach (var _ in _lenient) response = response.Responses[0].ResponseTxn;
        var asked = response.Succeeded ? _transaction.Success : _transaction.Failure;
        return (response.Succeeded, [.. asked.Select((operation, index) => Answer(operation, response.Responses[index]))]);
    }

    /// <summary>A comparison of a value that holds for a missing key, which etcd's never do.</summary>
    private static bool IsLenient(Compare compare) => compare is Compare.Value && TransactionRules.Holds(compare, null);

    /// <summary>"The key is missing, or the comparison holds" as a choice between two transactions, since etcd's comparisons are only ever ANDed.</summary>
    private TxnRequest Asked(ImmutableArray<CompareMessage> compares, int lenient)
    {
        if (lenient == _lenient.Length)
        {
            var request = new TxnRequest { Compare = { compares }, Success = { _transaction.Success.Select(Message) }, Failure = { _transaction.Failure.Select(Message) } };
            // etcd does not ask its leader about a transaction without operations, and would compare with what an isolated member has.
            if (request.Success.Count == 0) request.Success.Add(Nothing());
            if (request.Failure.Count == 0) request.Failure.Add(Nothing());
            return request;
        }

        var compare = _lenient[lenient];
        var isMissing = new CompareMessage
        {
            Key = _layout.InEtcd(compare.Key.Span),
            RangeEnd = _layout.EndInEtcd(compare.End),
            Target = CompareMessage.Types.CompareTarget.Version,
            Result = CompareMessage.Types.CompareResult.Equal,
            Version = 0,
        };
        return new TxnRequest
        {
            Compare = { isMissing },
            Success = { new RequestOp { RequestTxn = Asked(compares, lenient + 1) } },
            Failure = { new RequestOp { RequestTxn = Asked(compares.Add(Message(compare)), lenient + 1) } },
        };
    }

    private RequestOp Nothing() => new() { RequestRange = new RangeRequest { Key = _layout.Pulse, CountOnly = true } };

    private CompareMessage Message(Compare compare)
    {
        var message = new CompareMessage
        {
            Key = _layout.InEtcd(compare.Key.Span),
            RangeEnd = _layout.EndInEtcd(compare.End),
            Result = compare.Comparison switch
            {
                Comparison.Equal => CompareMessage.Types.CompareResult.Equal,
                Comparison.NotEqual => CompareMessage.Types.CompareResult.NotEqual,
                Comparison.Less => CompareMessage.Types.CompareResult.Less,
                Comparison.Greater => CompareMessage.Types.CompareResult.Greater,
                _ => throw new InvariantViolationException($"no such comparison: {(int)compare.Comparison}"),
            },
        };
        switch (compare)
        {
            case Compare.CreatedRevision created:
                (message.Target, message.CreateRevision) = (CompareMessage.Types.CompareTarget.Create, created.Target.Value);
                break;
            case Compare.ModifiedRevision modified:
                (message.Target, message.ModRevision) = (CompareMessage.Types.CompareTarget.Mod, modified.Target.Value);
                break;
            case Compare.Version version:
                (message.Target, message.Version) = (CompareMessage.Types.CompareTarget.Version, version.Target);
                break;
            case Compare.Value value:
                (message.Target, message.Value) = (CompareMessage.Types.CompareTarget.Value, UnsafeByteOperations.UnsafeWrap(value.Target));
                break;
            case Compare.Lease lease:
                (message.Target, message.Lease) = (CompareMessage.Types.CompareTarget.Lease, lease.Target.Value);
                break;
            default:
                throw new InvariantViolationException($"no such comparison: {compare.GetType().Name}");
        }

        return message;
    }

    private RequestOp Message(Operation operation) => operation switch
    {
        Operation.Put put => new RequestOp
        {
            RequestPut = new PutRequest
            {
                Key = _layout.InEtcd(put.Key.Span),
                Value = put.KeepsValue ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(put.Value),
                Lease = put.KeepsLease ? 0 : put.Lease.Value,
                PrevKv = true,
                IgnoreValue = put.KeepsValue,
                IgnoreLease = put.KeepsLease,
            },
        },
        // etcd takes an end at or below the key for a mistake here and for an empty range there; a read of nothing says it everywhere.
        Operation.Delete delete when IsEmptyRange(delete.Key, delete.End) => Nothing(),
        Operation.Read read when IsEmptyRange(read.Key, read.End) => Nothing(),
        Operation.Delete delete => new RequestOp
        {
            RequestDeleteRange = new DeleteRangeRequest { Key = _layout.InEtcd(delete.Key.Span), RangeEnd = _layout.EndInEtcd(delete.End), PrevKv = true },
        },
        Operation.Read read => new RequestOp
        {
            RequestRange = new RangeRequest
            {
                Key = _layout.InEtcd(read.Key.Span),
                RangeEnd = _layout.EndInEtcd(read.End),
                // Limit 0 means "all" to etcd.
                Limit = read.Limit ?? 0,
                CountOnly = read is { Limit: 0, End: not null },
            },
        },
        Operation.Nested nested => new RequestOp { RequestTxn = new TransactionMessage(_layout, nested.Transaction).Request },
        _ => throw new InvariantViolationException($"no such operation: {operation.GetType().Name}"),
    };

    private OperationResult Answer(Operation operation, ResponseOp response)
    {
        switch (operation)
        {
            case Operation.Put:
                return new OperationResult.Put(response.ResponsePut.PrevKv is { } previous ? _layout.ToRecord(previous) : null);
            case Operation.Delete delete when IsEmptyRange(delete.Key, delete.End):
                return new OperationResult.Delete([]);
            case Operation.Read read when IsEmptyRange(read.Key, read.End):
                return new OperationResult.Read([], 0);
            case Operation.Delete:
                return new OperationResult.Delete([.. response.ResponseDeleteRange.PrevKvs.Select(_layout.ToRecord)]);
            case Operation.Read:
                return new OperationResult.Read([.. response.ResponseRange.Kvs.Select(_layout.ToRecord)], response.ResponseRange.Count);
            case Operation.Nested nested:
                var (succeeded, operations) = new TransactionMessage(_layout, nested.Transaction).Answer(response.ResponseTxn);
                return new OperationResult.Nested(succeeded, operations);
            default:
                throw new InvariantViolationException($"no such operation: {operation.GetType().Name}");
        }
    }

    private static bool IsEmptyRange(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte>? end) => end is { IsEmpty: false } bound && key.Span.SequenceCompareTo(bound.Span) >= 0;
}
