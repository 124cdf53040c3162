using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;
using Compare = ControlPlane.Etcd.Protocol.Compare;
using StoreCompare = ControlPlane.Store.Commands.Compare;

namespace ControlPlane.Etcd.Keys;

/// <summary>Checks requests as etcd checks them, and says them in the store's words.</summary>
internal static class KeyRequests
{
    /// <summary>etcd's default of <c>--max-txn-ops</c>, which clients count on.</summary>
    private const int OperationsMax = 128;

    /// <summary>etcd's default of <c>--max-request-bytes</c>, 1.5 MiB.</summary>
    private const int RequestBytesMax = 3 << 19;

    // What a put has beside key and value.
    private const int PutOverheadBytes = 32;

    public static Operation.Put ToOperation(PutRequest request)
    {
        if (request.Key.IsEmpty) throw EtcdErrors.Of(EtcdErrors.EmptyKey);
        if (request.IgnoreValue && !request.Value.IsEmpty) throw EtcdErrors.Of(EtcdErrors.ValueProvided);
        if (request.IgnoreLease && request.Lease != 0) throw EtcdErrors.Of(EtcdErrors.LeaseProvided);
        if (request.Key.Length + request.Value.Length + PutOverheadBytes > RequestBytesMax) throw EtcdErrors.Of(EtcdErrors.RequestTooLarge);
        return new Operation.Put(request.Key.Memory, request.Value.Memory, new LeaseId(request.Lease)) { KeepsValue = request.IgnoreValue, KeepsLease = request.IgnoreLease };
    }

    public static Operation.Delete ToOperation(DeleteRangeRequest request)
    {
        if (request.Key.IsEmpty) throw EtcdErrors.Of(EtcdErrors.EmptyKey);
        var range = KeyRange.Of(request.Key, request.RangeEnd);
        return new Operation.Delete(range.Key, range.End);
    }

    public static Transaction ToTransaction(TxnRequest request)
    {
        if (request.CalculateSize() > RequestBytesMax) throw EtcdErrors.Of(EtcdErrors.RequestTooLarge);
        return ToTransaction(request, OperationsMax);
    }

    /// <summary>The reads of a transaction, nested ones included, that name a revision.</summary>
    public static IEnumerable<RangeRequest> ReadsOfThePast(TxnRequest request)
    {
        foreach (var operation in request.Success.Concat(request.Failure))
        {
            if (operation.RequestRange is { Revision: > 0 } read) yield return read;
            if (operation.RequestTxn is not { } nested) continue;
            foreach (var inner in ReadsOfThePast(nested)) yield return inner;
        }
    }

    private static Transaction ToTransaction(TxnRequest request, int operationsMax)
    {
        var count = Math.Max(request.Compare.Count, Math.Max(request.Success.Count, request.Failure.Count));
        if (count > operationsMax) throw EtcdErrors.Of(EtcdErrors.TooManyOperations);
        return new Transaction(
            [.. request.Compare.SelectMany(ToCompares)],
            [.. request.Success.Select(operation => ToOperation(operation, operationsMax - count))],
            [.. request.Failure.Select(operation => ToOperation(operation, operationsMax - count))]);
    }

    private static Operation ToOperation(RequestOp operation, int operationsMax) => operation.RequestCase switch
    {
        RequestOp.RequestOneofCase.RequestRange => ToOperation(operation.RequestRange),
        RequestOp.RequestOneofCase.RequestPut => ToOperation(operation.RequestPut),
        RequestOp.RequestOneofCase.RequestDeleteRange => ToOperation(operation.RequestDeleteRange),
        RequestOp.RequestOneofCase.RequestTxn => new Operation.Nested(ToTransaction(operation.RequestTxn, operationsMax)),
        _ => throw EtcdErrors.Of(EtcdErrors.KeyNotFound),
    };

    private static Operation.Read ToOperation(RangeRequest request)
    {
        RangeSelection.Check(request);
        var range = KeyRange.Of(request.Key, request.RangeEnd);
        // A read of the past is answered from history; here it only keeps its place.
        return new Operation.Read(range.Key, range.End, request.Revision > 0 ? 0 : RangeSelection.LimitOf(request));
    }

    private static IEnumerable<StoreCompare> ToCompares(Compare compare)
    {
        if (compare.Key.IsEmpty) throw EtcdErrors.Of(EtcdErrors.EmptyKey);
        var range = KeyRange.Of(compare.Key, compare.RangeEnd);
        var comparison = compare.Result switch
        {
            Compare.Types.CompareResult.Greater => Comparison.Greater,
            Compare.Types.CompareResult.Less => Comparison.Less,
            Compare.Types.CompareResult.NotEqual => Comparison.NotEqual,
            _ => Comparison.Equal,
        };
        switch (compare.Target)
        {
            case Compare.Types.CompareTarget.Version:
                yield return new StoreCompare.Version(range.Key, comparison, compare.Version) { End = range.End };
                break;
            case Compare.Types.CompareTarget.Create:
                yield return new StoreCompare.CreatedRevision(range.Key, comparison, new Revision(compare.CreateRevision)) { End = range.End };
                break;
            case Compare.Types.CompareTarget.Mod:
                yield return new StoreCompare.ModifiedRevision(range.Key, comparison, new Revision(compare.ModRevision)) { End = range.End };
                break;
            case Compare.Types.CompareTarget.Value:
                // A missing key has no value for etcd, not even an empty one: whatever it is compared with, it fails.
                yield return new StoreCompare.Version(range.Key, Comparison.Greater, 0) { End = range.End };
                yield return new StoreCompare.Value(range.Key, comparison, compare.Value.Memory) { End = range.End };
                break;
            case Compare.Types.CompareTarget.Lease:
                yield return new StoreCompare.Lease(range.Key, comparison, new LeaseId(compare.Lease)) { End = range.End };
                break;
            default:
                throw EtcdErrors.Of(new Status(StatusCode.InvalidArgument, $"etcdserver: unknown compare target {(int)compare.Target}"));
        }
    }
}
