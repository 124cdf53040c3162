using System.Buffers.Binary;

namespace ControlPlane.Agent.Logs;

/// <summary>Which bytes of a log came when. A container writes its log itself, so that it goes on without the agent; the agent only notes
/// how far the file has grown, a few times a second. The file is a row of 16-byte records, little-endian:
/// <code>
/// 8  milliseconds since 1970, UTC
/// 8  the length of the log at that time
/// </code>
/// A byte came at the time of the first record whose length lies behind it. Both columns never fall. Worked example, "hi\n" seen at
/// 2026-01-02T03:04:05Z: <c>88 8c a9 7c 9b 01 00 00  03 00 00 00 00 00 00 00</c>.</summary>
internal static class LogIndex
{
    public const int RecordSizeBytes = 16;

    /// <summary>Writes one record.</summary>
    public static void Write(Span<byte> record, DateTimeOffset time, long length)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record, time.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], length);
    }

    /// <summary>When the byte at an offset came; null when no record lies behind it. A record cut short by a crash is left out.</summary>
    public static DateTimeOffset? TimeOf(ReadOnlySpan<byte> records, long offset)
    {
        var (low, high) = (0, records.Length / RecordSizeBytes);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (LengthAt(records, middle) > offset) high = middle;
            else low = middle + 1;
        }

        return low == records.Length / RecordSizeBytes
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(records[(low * RecordSizeBytes)..]));
    }

    /// <summary>The length the last whole record tells, 0 when there is none.</summary>
    public static long LastLength(ReadOnlySpan<byte> records)
    {
        var count = records.Length / RecordSizeBytes;
        return count == 0 ? 0 : LengthAt(records, count - 1);
    }

    private static long LengthAt(ReadOnlySpan<byte> records, int record) => BinaryPrimitives.ReadInt64LittleEndian(records[((record * RecordSizeBytes) + 8)..]);
}
