using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>Reads entries back, neighbours in one read, and checks each against its checksum.</summary>
internal static class EntryReader
{
    /// <summary>Records of other kinds between two entries are read over up to this many bytes; a second read costs more.</summary>
    private const int GapBytesMax = 4096;

    public static List<LogEntry> Read(EntryIndex index, List<Segment> segments, ulong from, ulong end, long payloadBytesMax)
    {
        var entries = new List<LogEntry>();
        long payloadBytes = 0;
        for (var next = from; next < end;)
        {
            var number = SegmentOf(segments, index[next].Position);
            var segment = segments[number];
            var segmentEnd = number + 1 < segments.Count ? segments[number + 1].Start : long.MaxValue;
            var runStart = next;
            var start = index[next].Position;
            var runEnd = start;
            while (next < end)
            {
                var slot = index[next];
                var isFirst = entries.Count == 0 && next == from;
                if (!isFirst && payloadBytes + slot.PayloadLength > payloadBytesMax)
                {
                    end = next;
                    break;
                }

                if (slot.Position >= segmentEnd || slot.Position - runEnd > GapBytesMax) break;
                payloadBytes += slot.PayloadLength;
                runEnd = slot.Position + RecordHeader.SizeOf(slot.PayloadLength);
                next++;
            }

            ReadRun(index, segment, runStart, next, start, runEnd, entries);
        }

        return entries;
    }

    private static void ReadRun(EntryIndex index, Segment segment, ulong from, ulong end, long start, long stop, List<LogEntry> entries)
    {
        if (from == end) return;
        var bytes = new byte[stop - start];
        var offset = segment.OffsetOf(start);
        if (segment.File.Read(offset, bytes) < bytes.Length)
            throw new DamagedException(segment.Path, offset, $"entries {from} to {end - 1} are cut off", LogAdvice.Repair);
        for (var next = from; next < end; next++)
        {
            var slot = index[next];
            var at = (int)(slot.Position - start);
            var size = RecordHeader.SizeOf(slot.PayloadLength);
            if (!RecordHeader.TryRead(bytes.AsSpan(at), slot.Position, out var header)
                || header.PayloadLength != slot.PayloadLength || header.Index != next || header.Term != slot.Term
                || !RecordHeader.IsIntact(bytes.AsSpan(at, size), out _))
                throw new DamagedException(segment.Path, segment.OffsetOf(slot.Position), $"entry {next} is not as it was written", LogAdvice.Repair);
            entries.Add(new LogEntry(next, slot.Term, header.EntryKind, bytes.AsMemory(at + RecordHeader.Size, slot.PayloadLength)));
        }
    }

    private static int SegmentOf(List<Segment> segments, long position)
    {
        int low = 1, high = segments.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (segments[middle].Start <= position) low = middle + 1;
            else high = middle - 1;
        }

        return low - 1;
    }
}
