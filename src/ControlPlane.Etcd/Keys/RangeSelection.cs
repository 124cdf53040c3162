using ControlPlane.Etcd.Errors;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Grpc.Core;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>The records that answer a <see cref="RangeRequest"/>.</summary>
/// <param name="Records">In the order asked for.</param>
/// <param name="Count">Keys in the range, whatever limit and revision bounds say.</param>
/// <param name="HasMore">The limit cut the list.</param>
internal readonly record struct RangeSelection(ReadOnlyMemory<Record> Records, long Count, bool HasMore)
{
    /// <exception cref="RpcException">The request makes no sense.</exception>
    public static void Check(RangeRequest request)
    {
        if (request.Key.IsEmpty) throw EtcdErrors.Of(EtcdErrors.EmptyKey);
        if (!Enum.IsDefined(request.SortOrder) || !Enum.IsDefined(request.SortTarget)) throw EtcdErrors.Of(EtcdErrors.InvalidSortOption);
    }

    /// <summary>How many records the store must read for the request to be answered; null for all of them.</summary>
    public static int? LimitOf(RangeRequest request)
    {
        if (request.CountOnly) return 0;
        if (request.Limit <= 0 || IsSorted(request) || IsBounded(request)) return null;
        return (int)Math.Min(request.Limit, int.MaxValue);
    }

    public static RangeSelection From(StoreView view, RangeRequest request)
    {
        var range = KeyRange.Of(request.Key, request.RangeEnd);
        var count = range.CountIn(view);
        var records = new Record[Math.Min(count, LimitOf(request) ?? count)];
        if (records.Length == 0) return new(records, count, HasMore: false);
        var slot = 0;
        foreach (var record in range.In(view))
        {
            records[slot++] = record;
            // Not one record further: the next may be in a leaf that is cold.
            if (slot == records.Length) break;
        }

        return From(records, count, request);
    }

    /// <param name="records">In key order, as many as <see cref="LimitOf"/> says; the array is used up.</param>
    public static RangeSelection From(Record[] records, long count, RangeRequest request)
    {
        if (request.CountOnly) return new(ReadOnlyMemory<Record>.Empty, count, HasMore: false);
        var chosen = records.AsMemory();
        if (IsBounded(request)) chosen = chosen[..KeepBounded(chosen.Span, request)];
        if (IsSorted(request)) chosen.Span.Sort(OrderOf(request));
        if (request.Limit <= 0) return new(chosen, count, HasMore: false);
        var hasMore = LimitOf(request) is null ? chosen.Length > request.Limit : count > request.Limit;
        return new(chosen.Length > request.Limit ? chosen[..(int)request.Limit] : chosen, count, hasMore);
    }

    // By key and upwards is the order that records come in.
    private static bool IsSorted(RangeRequest request) =>
        request.SortTarget != RangeRequest.Types.SortTarget.Key || request.SortOrder == RangeRequest.Types.SortOrder.Descend;

    private static bool IsBounded(RangeRequest request) =>
        (request.MinModRevision | request.MaxModRevision | request.MinCreateRevision | request.MaxCreateRevision) != 0;

    private static int KeepBounded(Span<Record> records, RangeRequest request)
    {
        var kept = 0;
        foreach (var record in records)
        {
            if (IsWithin(record.Modified.Value, request.MinModRevision, request.MaxModRevision)
                && IsWithin(record.Created.Value, request.MinCreateRevision, request.MaxCreateRevision)) records[kept++] = record;
        }

        return kept;
    }

    private static bool IsWithin(long revision, long min, long max) => (min == 0 || revision >= min) && (max == 0 || revision <= max);

    private static Comparison<Record> OrderOf(RangeRequest request)
    {
        Comparison<Record> byTarget = request.SortTarget switch
        {
            RangeRequest.Types.SortTarget.Version => static (left, right) => left.Version.CompareTo(right.Version),
            RangeRequest.Types.SortTarget.Create => static (left, right) => left.Created.CompareTo(right.Created),
            RangeRequest.Types.SortTarget.Mod => static (left, right) => left.Modified.CompareTo(right.Modified),
            RangeRequest.Types.SortTarget.Value => static (left, right) => left.Value.Span.SequenceCompareTo(right.Value.Span),
            _ => ByKey,
        };
        var sign = request.SortOrder == RangeRequest.Types.SortOrder.Descend ? -1 : 1;
        // Equal ones stay in key order, so that the answer does not depend on the sort's whims.
        return (left, right) => byTarget(left, right) is var order && order != 0 ? sign * order : ByKey(left, right);
    }

    private static int ByKey(Record left, Record right) => left.Key.Span.SequenceCompareTo(right.Key.Span);
}
