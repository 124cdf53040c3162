using System.Numerics;
using Record = ControlPlane.Store.Record;

namespace ControlPlane.Etcd.Keys;

/// <summary>Protocol-buffer bytes of what is sent most: records and events, written from the store's own memory, without a message object in between.</summary>
/// <remarks>
/// A field is its number and kind in one varint, then a varint (kind 0) or a length and that many bytes (kind 2); fields that are 0 or empty are left out.
/// Record <c>a</c> = <c>1</c>, created at 2, modified at 3, version 2: <c>0A 01 61 10 02 18 03 20 02 2A 01 31</c>.
/// </remarks>
internal static class Wire
{
    private const byte Key = 1 << 3 | 2;
    private const byte Created = 2 << 3;
    private const byte Modified = 3 << 3;
    private const byte Version = 4 << 3;
    private const byte Value = 5 << 3 | 2;
    private const byte Lease = 6 << 3;

    public static int VarintSize(ulong value) => (Math.Max(1, 64 - BitOperations.LeadingZeroCount(value)) + 6) / 7;

    /// <summary>Size of a varint field with a one-byte tag; 0 when the value is 0 and left out.</summary>
    public static int FieldSize(ulong value) => value == 0 ? 0 : 1 + VarintSize(value);

    /// <summary>Size of a bytes field with a one-byte tag; 0 when there are none.</summary>
    public static int BytesSize(int length) => length == 0 ? 0 : 1 + VarintSize((uint)length) + length;

    public static int WriteVarint(Span<byte> target, ulong value)
    {
        var size = 0;
        while (value >= 0x80)
        {
            target[size++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[size++] = (byte)value;
        return size;
    }

    public static int WriteField(Span<byte> target, byte tag, ulong value)
    {
        if (value == 0) return 0;
        target[0] = tag;
        return 1 + WriteVarint(target[1..], value);
    }

    public static int WriteBytes(Span<byte> target, byte tag, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return 0;
        var size = WriteHead(target, tag, bytes.Length);
        bytes.CopyTo(target[size..]);
        return size + bytes.Length;
    }

    /// <summary>Tag and length of a message field, which is written even when empty.</summary>
    public static int WriteHead(Span<byte> target, byte tag, int length)
    {
        target[0] = tag;
        return 1 + WriteVarint(target[1..], (uint)length);
    }

    /// <summary>Size of a <c>mvccpb.KeyValue</c>.</summary>
    public static int SizeOf(Record record, bool withValue = true) =>
        BytesSize(record.Key.Length) + FieldSize((ulong)record.Created.Value) + FieldSize((ulong)record.Modified.Value) + FieldSize((ulong)record.Version)
        + (withValue ? BytesSize(record.Value.Length) : 0) + FieldSize((ulong)record.Lease.Value);

    public static int Write(Span<byte> target, Record record, bool withValue = true)
    {
        var size = WriteBytes(target, Key, record.Key.Span);
        size += WriteField(target[size..], Created, (ulong)record.Created.Value);
        size += WriteField(target[size..], Modified, (ulong)record.Modified.Value);
        size += WriteField(target[size..], Version, (ulong)record.Version);
        if (withValue) size += WriteBytes(target[size..], Value, record.Value.Span);
        return size + WriteField(target[size..], Lease, (ulong)record.Lease.Value);
    }

    /// <summary>Size of a <c>mvccpb.KeyValue</c> that tells only which key was deleted and when.</summary>
    public static int TombstoneSize(ReadOnlySpan<byte> key, long revision) => BytesSize(key.Length) + FieldSize((ulong)revision);

    public static int WriteTombstone(Span<byte> target, ReadOnlySpan<byte> key, long revision)
    {
        var size = WriteBytes(target, Key, key);
        return size + WriteField(target[size..], Modified, (ulong)revision);
    }
}
