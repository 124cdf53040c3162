using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>The fixed part of a record; docs/formats/wal.md has the layout and a worked example.</summary>
/// <remarks>
/// <code>
///  0  u32  checksum   CRC-32C of everything after it, padding included
///  4  u32  previous   checksum of the record (or segment header) before it
///  8  u32  payload length in bytes
/// 12  u8   record kind
/// 13  u8   entry kind, the owner's
/// 14  u16  0
/// 16  u64  position   of this record in the whole log, in bytes since the log was made
/// 24  u64  durable    position up to which the log was known to be on disk when this was written
/// 32  u64  term
/// 40  u64  index
/// 48  ...  payload, padded with zeros to a multiple of 8
/// </code>
/// All numbers little-endian. The position makes a misdirected or stale block invalid; <c>durable</c> lets a later record testify
/// that an earlier one had been synced.
/// </remarks>
internal readonly record struct RecordHeader(
    uint Previous, int PayloadLength, RecordKind Kind, byte EntryKind, long Position, long Durable, ulong Term, ulong Index)
{
    public const int Size = 48;

    /// <summary>64 MiB, far above the largest command (a batch is a few MB); a length above it is damage, not a record to allocate for.</summary>
    public const int PayloadLengthMax = 64 << 20;

    public static int SizeOf(int payloadLength) => Size + ((payloadLength + 7) & ~7);

    /// <summary>Writes the whole record into <paramref name="target"/>, which is exactly <see cref="SizeOf"/> long.</summary>
    /// <returns>Its checksum.</returns>
    public uint Write(Span<byte> target, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Previous);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], PayloadLength);
        target[12] = (byte)Kind;
        target[13] = EntryKind;
        BinaryPrimitives.WriteUInt16LittleEndian(target[14..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Durable);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], Term);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], Index);
        payload.CopyTo(target[Size..]);
        target[(Size + payload.Length)..].Clear();
        var checksum = Checksum.Of(target[4..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target, checksum);
        return checksum;
    }

    /// <summary>Reads a header without looking at the checksum.</summary>
    /// <returns>False when it cannot be one: another position, a length out of range.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, long position, out RecordHeader header)
    {
        header = default;
        if (source.Length < Size || BinaryPrimitives.ReadInt64LittleEndian(source[16..]) != position) return false;
        var payloadLength = BinaryPrimitives.ReadInt32LittleEndian(source[8..]);
        if (payloadLength is < 0 or > PayloadLengthMax) return false;
        header = new RecordHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            payloadLength,
            (RecordKind)source[12],
            source[13],
            position,
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[40..]));
        return true;
    }

    /// <summary>Whether the record's stored checksum fits its bytes.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> record, out uint checksum)
    {
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(record);
        return Checksum.Of(record[4..]) == checksum;
    }
}
