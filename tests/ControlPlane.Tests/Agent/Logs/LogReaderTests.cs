using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ControlPlane.Agent.Logs;
using CsCheck;

namespace ControlPlane.Tests.Agent.Logs;

public sealed class LogReaderTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Tail_since_limit_and_timestamps_agree_with_splitting_the_whole_text()
    {
        // Lines of few letters, so that empty and long ones are frequent, each with the second it came in.
        var lines = Gen.Select(Gen.String[Gen.Char["ab"], 0, 20], Gen.Int[0, 2]).List[0, 60];
        Gen.Select(lines, Gen.Bool, Gen.Long[0, 70].Nullable(), Gen.Int[0, 60].Nullable(), Gen.Long[0, 400].Nullable(), Gen.Bool)
            .Sample((written, endsWithNewline, tail, sinceSecond, limit, timestamps) =>
            {
                var source = new MemoryLog();
                var expected = new List<(string Text, DateTimeOffset Time)>();
                var second = 0;
                for (var i = 0; i < written.Count; i++)
                {
                    second += written[i].Item2;
                    var text = written[i].Item1 + (i == written.Count - 1 && !endsWithNewline ? "" : "\n");
                    if (text.Length == 0) continue;
                    source.Append(text, Start.AddSeconds(second));
                    expected.Add((text, Start.AddSeconds(second)));
                }

                DateTimeOffset? since = sinceSecond is { } at ? Start.AddSeconds(at) : null;
                var wanted = expected.Where(line => since is null || line.Time >= since).ToList();
                if (tail is { } count) wanted = wanted[(int)Math.Max(0, wanted.Count - count)..];
                var plain = string.Concat(wanted.Select(line => timestamps ? $"{LogReader.FormatTime(line.Time)} {line.Text}" : line.Text));
                if (limit is { } bytes && bytes < plain.Length) plain = plain[..(int)bytes];
                return plain == Read(source, new(tail, since, limit, timestamps));
            });
    }

    [Fact]
    public void Following_sends_every_byte_and_ends_when_the_container_has_ended()
    {
        var source = new MemoryLog();
        source.Append("one\n", Start);
        var waits = 0;
        var text = Read(source, LogQuery.Everything, () => waits >= 2, _ =>
        {
            // The last bytes come together with the end.
            if (++waits == 2) source.Append("two\n", Start);
            return Task.CompletedTask;
        });
        Assert.Equal("one\ntwo\n", text);
        Assert.Equal(2, waits);
    }

    [Fact]
    public void What_was_dropped_at_the_head_is_not_read_and_no_line_is_cut()
    {
        var source = new MemoryLog { DroppedTo = 6 };
        source.Append("first\nsecond\nthird\n", Start);
        Assert.Equal("third\n", Read(source, LogQuery.Everything).Split("second\n")[^1]);
        Assert.DoesNotContain("first", Read(source, LogQuery.Everything));
    }

    [Fact]
    public void A_time_is_found_by_its_offset_and_a_cut_record_is_left_out()
    {
        var records = new byte[(2 * LogIndex.RecordSizeBytes) + 5];
        LogIndex.Write(records, Start, 3);
        LogIndex.Write(records.AsSpan(LogIndex.RecordSizeBytes), Start.AddSeconds(1), 10);
        Assert.Equal("888CA97C9B0100000300000000000000", Convert.ToHexString(records.AsSpan(0, LogIndex.RecordSizeBytes)));
        Assert.Equal(Start, LogIndex.TimeOf(records, 0));
        Assert.Equal(Start, LogIndex.TimeOf(records, 2));
        Assert.Equal(Start.AddSeconds(1), LogIndex.TimeOf(records, 3));
        Assert.Null(LogIndex.TimeOf(records, 10));
        Assert.Equal(10, LogIndex.LastLength(records));
    }

    [Fact]
    public void A_log_that_grows_past_its_bound_drops_its_head_and_keeps_its_offsets()
    {
        var folder = Directory.CreateTempSubdirectory("log-").FullName;
        var stem = Path.Combine(folder, "0");
        var line = new string('x', 1023) + "\n";
        const int lineCount = 4096;
        File.WriteAllText(stem + ".log", string.Concat(Enumerable.Range(0, lineCount).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number:d6}{line[6..]}"))));
        var keeper = new LogKeeper(TimeProvider.System, sizeMaxBytes: 2 * LogKeeper.DropSizeBytes);
        keeper.Add(stem);
        keeper.LookAtAll();
        using (var source = FileLogSource.Open(stem)!)
        {
            Assert.Equal(2 * LogKeeper.DropSizeBytes, source.Floor);
            Assert.Equal(lineCount * line.Length, source.Length);
            var kept = Read(source, LogQuery.Everything);
            Assert.StartsWith("002049", kept, StringComparison.Ordinal);
            Assert.EndsWith(line[6..], kept, StringComparison.Ordinal);
            Assert.Equal(lineCount - 2049, kept.Count(character => character == '\n'));
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string Read(LogSource source, LogQuery query, Func<bool>? hasEnded = null, Func<CancellationToken, Task>? wait = null)
    {
        var bytes = new MemoryStream();
        var reading = Task.Run(async () =>
        {
            await foreach (var chunk in LogReader.ReadAsync(source, query, TimeProvider.System, hasEnded ?? (() => true), wait, default)) bytes.Write(chunk.Span);
        });
        reading.GetAwaiter().GetResult();
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private sealed class MemoryLog : LogSource
    {
        private readonly List<byte> _bytes = [];
        private readonly List<byte> _index = [];

        public long DroppedTo { get; init; }

        public override long Floor => DroppedTo;

        public override long Length => _bytes.Count;

        public void Append(string text, DateTimeOffset time)
        {
            _bytes.AddRange(Encoding.UTF8.GetBytes(text));
            Span<byte> record = stackalloc byte[LogIndex.RecordSizeBytes];
            LogIndex.Write(record, time, _bytes.Count);
            _index.AddRange(record);
            Invariant(BinaryPrimitives.ReadInt64LittleEndian(record[8..]) == _bytes.Count);
        }

        public override int Read(long offset, Span<byte> buffer)
        {
            // Few bytes at a time, so that every boundary is met.
            var count = (int)Math.Min(Math.Min(7, buffer.Length), _bytes.Count - offset);
            for (var i = 0; i < count; i++) buffer[i] = _bytes[(int)offset + i];
            return Math.Max(0, count);
        }

        public override DateTimeOffset? TimeOf(long offset) => LogIndex.TimeOf([.. _index], offset);

        private static void Invariant(bool holds) => Assert.True(holds);
    }
}
