using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>The store's words as the protocol's messages.</summary>
internal static class Messages
{
    /// <summary>The bytes are shared with the record, not copied.</summary>
    public static KeyValue Of(Record record, bool keysOnly = false)
    {
        var message = new KeyValue
        {
            Key = UnsafeByteOperations.UnsafeWrap(record.Key),
            CreateRevision = record.Created.Value,
            ModRevision = record.Modified.Value,
            Version = record.Version,
            Lease = record.Lease.Value,
        };
        if (!keysOnly) message.Value = UnsafeByteOperations.UnsafeWrap(record.Value);
        return message;
    }

    /// <summary>Without a header.</summary>
    public static RangeResponse Of(RangeSelection selection, bool keysOnly)
    {
        var message = new RangeResponse { Count = selection.Count, More = selection.HasMore };
        foreach (var record in selection.Records.Span) message.Kvs.Add(Of(record, keysOnly));
        return message;
    }
}
