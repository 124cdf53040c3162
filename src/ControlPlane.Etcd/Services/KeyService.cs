using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>etcd's <c>KV</c>: reads are the store's views, writes its transactions.</summary>
internal sealed class KeyService(ServedStore store)
{
    // At 1 KB a record, a part is about as large as the largest write.
    private const int RecordsPerPart = 1000;

    private static readonly Dictionary<RangeRequest, StoreView> NoPast = [];

    public async Task<RangeAnswer> RangeAsync(RangeRequest request)
    {
        RangeSelection.Check(request);
        var newest = await store.ReadAsync(request.Serializable);
        return new RangeAnswer(store.Header(newest.Revision), RangeSelection.From(ServedStore.At(newest, request.Revision), request), request.KeysOnly);
    }

    public async Task<PutResponse> PutAsync(PutRequest request)
    {
        var result = await store.ProposeAsync<TransactionResult>(new Transaction([], [KeyRequests.ToOperation(request)], []));
        return TransactionAnswer.Of(request, ((OperationResult.Put)result.Operations[0]).Previous, store.Header(result.Revision));
    }

    public async Task<DeleteRangeResponse> DeleteRangeAsync(DeleteRangeRequest request)
    {
        var result = await store.ProposeAsync<TransactionResult>(new Transaction([], [KeyRequests.ToOperation(request)], []));
        return TransactionAnswer.Of(request, ((OperationResult.Delete)result.Operations[0]).Deleted, store.Header(result.Revision));
    }

    public async Task<TxnResponse> TransactAsync(TxnRequest request)
    {
        var transaction = KeyRequests.ToTransaction(request);
        var past = await PastAsync(request);
        var result = await store.ProposeAsync<TransactionResult>(transaction);
        return TransactionAnswer.Of(request, result, store.Header(result.Revision), past);
    }

    public async Task<CompactionResponse> CompactAsync(CompactionRequest request)
    {
        var result = await store.ProposeAsync<CompactResult>(new Compact(new Revision(request.Revision)));
        return result.HasMoved ? new CompactionResponse { Header = store.Header() } : throw EtcdErrors.Of(EtcdErrors.Compacted);
    }

    /// <summary>The parts put together are the answer of <see cref="RangeAsync"/>: the first has the header, the last the count.</summary>
    public async Task RangeStreamAsync(RangeRequest request, IServerStreamWriter<RangeStreamResponse> parts)
    {
        var answer = await RangeAsync(request);
        var records = answer.Selection.Records;
        var start = 0;
        do
        {
            var length = Math.Min(RecordsPerPart, records.Length - start);
            var isLast = start + length == records.Length;
            var part = Messages.Of(new RangeSelection(records.Slice(start, length), isLast ? answer.Selection.Count : 0, isLast && answer.Selection.HasMore), request.KeysOnly);
            if (start == 0) part.Header = answer.Header;
            await parts.WriteAsync(new RangeStreamResponse { RangeResponse = part });
            start += length;
        }
        while (start < records.Length);
    }

    /// <summary>The views that reads of the past will be answered from, taken before the transaction so that it can still be refused.</summary>
    private async ValueTask<IReadOnlyDictionary<RangeRequest, StoreView>> PastAsync(TxnRequest request)
    {
        var reads = KeyRequests.ReadsOfThePast(request).ToList();
        if (reads.Count == 0) return NoPast;
        var newest = await store.ReadAsync(isSerializable: false);
        // By identity: equal requests may stand in both branches.
        var past = new Dictionary<RangeRequest, StoreView>(ReferenceEqualityComparer.Instance);
        foreach (var read in reads) past.Add(read, ServedStore.At(newest, read.Revision));
        return past;
    }
}
