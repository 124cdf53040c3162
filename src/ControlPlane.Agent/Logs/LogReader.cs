using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ControlPlane.Agent.Logs;

/// <summary>What part of a log is wanted, and how. The members mean what the query parameters of <c>pods/log</c> mean.</summary>
/// <param name="TailLines">At most so many lines from the end; null: all.</param>
/// <param name="Since">Lines that came at or after; null: all.</param>
/// <param name="LimitBytes">Stop after so many bytes of answer; null: no limit.</param>
/// <param name="Timestamps">Begin each line with its time.</param>
internal sealed record LogQuery(long? TailLines = null, DateTimeOffset? Since = null, long? LimitBytes = null, bool Timestamps = false)
{
    public static readonly LogQuery Everything = new();
}

/// <summary>Reads a log by lines, from the first wanted one to the end, and on as it grows.</summary>
internal static class LogReader
{
    private const int ChunkSizeBytes = 32 * 1024;

    /// <summary>The offset of the first wanted line.</summary>
    /// <param name="now">The time of lines that are not in the index yet.</param>
    public static long Start(LogSource source, LogQuery query, DateTimeOffset now)
    {
        var start = FirstLine(source);
        if (query.Since is { } since) start = FirstAtOrAfter(source, start, since, now);
        if (query.TailLines is { } lines) start = Math.Max(start, Tail(source, start, lines));
        return start;
    }

    /// <summary>The bytes of the answer, in chunks that are valid until the next is asked for.</summary>
    /// <param name="hasEnded">Whether no more bytes will come. Asked before the end is looked for, so that bytes written just before are not missed.</param>
    /// <param name="waitForMore">Completes when it is worth looking again; null: stop at the present end.</param>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        LogSource source,
        LogQuery query,
        TimeProvider time,
        Func<bool> hasEnded,
        Func<CancellationToken, Task>? waitForMore,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var offset = Start(source, query, time.GetUtcNow());
        var left = query.LimitBytes ?? long.MaxValue;
        var isLineStart = true;
        var input = ArrayPool<byte>.Shared.Rent(ChunkSizeBytes);
        var output = new ArrayBufferWriter<byte>(ChunkSizeBytes);
        try
        {
            while (left > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var isLast = hasEnded();
                if (offset < source.Floor) offset = FirstLine(source);
                var count = source.Read(offset, input);
                if (count == 0)
                {
                    if (isLast || waitForMore is null) yield break;
                    await waitForMore(cancellationToken);
                    continue;
                }

                ReadOnlyMemory<byte> chunk;
                if (query.Timestamps)
                {
                    output.ResetWrittenCount();
                    Stamp(source, offset, input.AsSpan(0, count), output, time.GetUtcNow(), ref isLineStart);
                    chunk = output.WrittenMemory;
                }
                else
                {
                    chunk = input.AsMemory(0, count);
                }

                offset += count;
                if (chunk.Length > left) chunk = chunk[..(int)left];
                left -= chunk.Length;
                yield return chunk;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(input);
        }
    }

    /// <summary>RFC 3339 with nine digits of fraction, as container logs have it.</summary>
    public static string FormatTime(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    // The floor is where bytes were dropped, seldom the start of a line.
    private static long FirstLine(LogSource source) => source.Floor == 0 ? 0 : NextLine(source, source.Floor);

    private static long NextLine(LogSource source, long from)
    {
        Span<byte> buffer = stackalloc byte[4096];
        for (var offset = from; ;)
        {
            var count = source.Read(offset, buffer);
            if (count == 0) return offset;
            var newline = buffer[..count].IndexOf((byte)'\n');
            if (newline >= 0) return offset + newline + 1;
            offset += count;
        }
    }

    // Times do not fall from line to line, so the first line that is new enough begins the answer. The index is as coarse as its records:
    // stepping from record to record would be quicker, reading lines is simple and logs are bounded.
    private static long FirstAtOrAfter(LogSource source, long start, DateTimeOffset since, DateTimeOffset now)
    {
        var (low, high) = (start, source.Length);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if ((source.TimeOf(middle) ?? now) >= since) high = middle;
            else low = middle + 1;
        }

        // A line begins before its first new byte only when the record boundary cuts it; then it came, in part, before.
        if (low == start || low >= source.Length) return low;
        Span<byte> before = stackalloc byte[1];
        return source.Read(low - 1, before) == 1 && before[0] == (byte)'\n' ? low : NextLine(source, low);
    }

    private static long Tail(LogSource source, long floor, long lines)
    {
        var end = source.Length;
        if (lines == 0) return end;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSizeBytes);
        try
        {
            // The newline that ends the last line does not begin another.
            long seen = 0;
            for (var upper = end; upper > floor;)
            {
                var lower = Math.Max(floor, upper - ChunkSizeBytes);
                var count = ReadFully(source, lower, buffer.AsSpan(0, (int)(upper - lower)));
                for (var i = count - 1; i >= 0; i--)
                {
                    if (buffer[i] != (byte)'\n' || lower + i == end - 1) continue;
                    if (++seen == lines) return lower + i + 1;
                }

                upper = lower;
            }

            return floor;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int ReadFully(LogSource source, long offset, Span<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var count = source.Read(offset + total, buffer[total..]);
            if (count == 0) break;
            total += count;
        }

        return total;
    }

    private static void Stamp(LogSource source, long offset, ReadOnlySpan<byte> bytes, ArrayBufferWriter<byte> output, DateTimeOffset now, ref bool isLineStart)
    {
        for (var i = 0; i < bytes.Length;)
        {
            if (isLineStart)
            {
                Encoding.ASCII.GetBytes(FormatTime(source.TimeOf(offset + i) ?? now), output);
                output.Write(" "u8);
                isLineStart = false;
            }

            var newline = bytes[i..].IndexOf((byte)'\n');
            var end = newline < 0 ? bytes.Length : i + newline + 1;
            output.Write(bytes[i..end]);
            isLineStart = newline >= 0;
            i = end;
        }
    }
}
