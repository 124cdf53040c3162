using System.Buffers;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>A <c>RangeResponse</c> that is written straight from the records: a list of 200,000 keys makes no message object for each.</summary>
/// <param name="Header">As in every response.</param>
/// <param name="Selection">What was found.</param>
/// <param name="KeysOnly">Leaves the values out.</param>
internal sealed record RangeAnswer(ResponseHeader Header, RangeSelection Selection, bool KeysOnly)
{
    private const byte HeaderTag = 1 << 3 | 2;
    private const byte RecordTag = 2 << 3 | 2;
    private const byte MoreTag = 3 << 3;
    private const byte CountTag = 4 << 3;

    // A tag and the longest length.
    private const int HeadSizeMax = 6;

    /// <summary>Above this a record gets no span of its own any more: it is written in the pieces that the buffer has.</summary>
    private const int WholeRecordBytesMax = 2048;

    public static readonly Marshaller<RangeAnswer> Marshaller = new(
        static (answer, context) =>
        {
            context.SetPayloadLength(answer.Size());
            answer.Write(context.GetBufferWriter());
            context.Complete();
        },
        static _ => throw new NotSupportedException("only answered, never asked"));

    private int Size()
    {
        long size = Wire.BytesSize(Header.CalculateSize()) + (Selection.HasMore ? 2 : 0) + Wire.FieldSize((ulong)Selection.Count);
        foreach (var record in Selection.Records.Span)
        {
            var length = Wire.SizeOf(record, !KeysOnly);
            size += 1 + Wire.VarintSize((uint)length) + length;
        }

        return checked((int)size);
    }

    private void Write(IBufferWriter<byte> target)
    {
        var headerSize = Header.CalculateSize();
        var span = target.GetSpan(HeadSizeMax + headerSize);
        var size = Wire.WriteHead(span, HeaderTag, headerSize);
        Header.WriteTo(span.Slice(size, headerSize));
        target.Advance(size + headerSize);

        foreach (var record in Selection.Records.Span) Write(target, record);

        span = target.GetSpan(2 * HeadSizeMax + 10);
        size = Selection.HasMore ? Wire.WriteField(span, MoreTag, 1) : 0;
        size += Wire.WriteField(span[size..], CountTag, (ulong)Selection.Count);
        target.Advance(size);
    }

    private void Write(IBufferWriter<byte> target, Record record)
    {
        var length = Wire.SizeOf(record, !KeysOnly);
        if (length <= WholeRecordBytesMax)
        {
            var span = target.GetSpan(HeadSizeMax + length);
            var size = Wire.WriteHead(span, RecordTag, length);
            size += Wire.Write(span[size..], record, !KeysOnly);
            target.Advance(size);
            return;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(HeadSizeMax + length);
        var written = Wire.WriteHead(bytes, RecordTag, length);
        written += Wire.Write(bytes.AsSpan(written), record, !KeysOnly);
        target.Write(bytes.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(bytes);
    }
}
