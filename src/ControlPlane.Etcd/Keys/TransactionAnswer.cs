using System.Collections.Immutable;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>Turns what a transaction did into the response that its request asked for.</summary>
/// <param name="before">The store's revision before the transaction.</param>
/// <param name="past">For each read of the past in the request, the view that answers it.</param>
internal sealed class TransactionAnswer(Revision before, IReadOnlyDictionary<RangeRequest, StoreView> past)
{
    private bool _hasChanged;

    /// <summary>The revision to which an operation belongs: the transaction's own from its first change on.</summary>
    private long Reached => _hasChanged ? before.Next.Value : before.Value;

    public static TxnResponse Of(TxnRequest request, TransactionResult result, ResponseHeader header, IReadOnlyDictionary<RangeRequest, StoreView> past)
    {
        var before = HasChanged(result.Operations) ? new Revision(result.Revision.Value - 1) : result.Revision;
        var response = new TransactionAnswer(before, past).Of(request, result.Succeeded, result.Operations);
        response.Header = header;
        return response;
    }

    public static PutResponse Of(PutRequest request, Record? previous, ResponseHeader header)
    {
        var response = new PutResponse { Header = header };
        if (request.PrevKv && previous is not null) response.PrevKv = Messages.Of(previous);
        return response;
    }

    public static DeleteRangeResponse Of(DeleteRangeRequest request, ImmutableArray<Record> deleted, ResponseHeader header)
    {
        var response = new DeleteRangeResponse { Header = header, Deleted = deleted.Length };
        if (request.PrevKv) response.PrevKvs.AddRange(deleted.Select(record => Messages.Of(record)));
        return response;
    }

    private static bool HasChanged(ImmutableArray<OperationResult> results) => results.Any(result => result switch
    {
        OperationResult.Put => true,
        OperationResult.Delete delete => !delete.Deleted.IsEmpty,
        OperationResult.Nested nested => HasChanged(nested.Operations),
        _ => false,
    });

    private TxnResponse Of(TxnRequest request, bool succeeded, ImmutableArray<OperationResult> results)
    {
        var response = new TxnResponse { Succeeded = succeeded };
        var operations = succeeded ? request.Success : request.Failure;
        for (var index = 0; index < results.Length; index++) response.Responses.Add(Of(operations[index], results[index]));
        return response;
    }

    private ResponseOp Of(RequestOp request, OperationResult result)
    {
        switch (result)
        {
            case OperationResult.Read read:
                var selection = past.TryGetValue(request.RequestRange, out var view)
                    ? RangeSelection.From(view, request.RequestRange)
                    : RangeSelection.From([.. read.Records], read.Count, request.RequestRange);
                var range = Messages.Of(selection, request.RequestRange.KeysOnly);
                range.Header = Header(Reached);
                return new ResponseOp { ResponseRange = range };
            case OperationResult.Put put:
                _hasChanged = true;
                return new ResponseOp { ResponsePut = Of(request.RequestPut, put.Previous, Header(Reached)) };
            case OperationResult.Delete delete:
                _hasChanged |= !delete.Deleted.IsEmpty;
                return new ResponseOp { ResponseDeleteRange = Of(request.RequestDeleteRange, delete.Deleted, Header(Reached)) };
            case OperationResult.Nested nested:
                var response = Of(request.RequestTxn, nested.Succeeded, nested.Operations);
                response.Header = new ResponseHeader();
                return new ResponseOp { ResponseTxn = response };
            default:
                throw new InvariantViolationException($"no such result: {result.GetType().Name}");
        }
    }

    // Inside a transaction etcd fills in the revision only.
    private static ResponseHeader Header(long revision) => new() { Revision = revision };
}
