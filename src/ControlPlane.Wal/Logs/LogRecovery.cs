using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>Reads the segments back, tells a torn tail from damage, and leaves the last segment ready to be written to.</summary>
/// <remarks>
/// A record that does not fit at the end of the last segment is either a write that a crash tore (cut it: nobody was told it is durable) or damage to
/// something acknowledged (refuse). It was acknowledged if a synced position beyond it is known: from the mark beside the log, from a
/// later segment (a roll syncs first), or from an intact record further on that remembers such a position.
/// </remarks>
internal sealed class LogRecovery
{
    private readonly IStorageDirectory _directory;
    private readonly DurableMark _mark;
    private byte[] _buffer = [];

    private LogRecovery(IStorageDirectory directory, DurableMark mark)
    {
        _directory = directory;
        _mark = mark;
    }

    public List<Segment> Segments { get; } = [];

    public LogContent Content { get; private set; } = new(LogPoint.Zero, LogPoint.Zero, HardState.Zero);

    /// <summary>The position after the last record.</summary>
    public long End { get; private set; }

    /// <summary>The checksum of the last record.</summary>
    public uint Chain { get; private set; }

    /// <summary>Bytes of a torn tail that were cut; 0 after a clean stop.</summary>
    public long TornBytes { get; private set; }

    /// <param name="sequences">Numbers of the segments that exist, ascending, at least one.</param>
    /// <exception cref="DamagedException">Something acknowledged is not there or not as it was written.</exception>
    public static LogRecovery Run(IStorageDirectory directory, IReadOnlyList<ulong> sequences, DurableMark mark)
    {
        var recovery = new LogRecovery(directory, mark);
        try
        {
            recovery.Run(sequences);
            return recovery;
        }
        catch
        {
            foreach (var segment in recovery.Segments) segment.Dispose();
            throw;
        }
    }

    private void Run(IReadOnlyList<ulong> sequences)
    {
        // Deletions of old segments are not synced one by one, so a crash may leave some before a gap; the run that reaches the end counts.
        var first = sequences.Count - 1;
        while (first > 0 && sequences[first - 1] + 1 == sequences[first]) first--;

        var headerChecksums = new List<uint>();
        foreach (var sequence in sequences.Skip(first))
        {
            Segments.Add(Open(sequence, out var checksum));
            headerChecksums.Add(checksum);
        }

        var start = Segments[0].Header;
        Content = new LogContent(start.Base, start.Last, start.HardState);
        End = start.Position;
        for (var index = 0; index < Segments.Count; index++)
        {
            if (index > 0) RequireJoint(Segments[index]);
            Chain = headerChecksums[index];
            Scan(Segments[index], isLast: index == Segments.Count - 1);
        }

        if (Content.Index.First > Content.Base.Index + 1)
        {
            throw new DamagedException(
                Segments[0].Path, 0,
                $"the log begins with entry {Content.Index.First}, but its snapshot ends at {Content.Base.Index}: segments before this one are missing",
                LogAdvice.Repair);
        }

        foreach (var sequence in sequences.Take(first)) _directory.Delete(SegmentNames.Of(sequence));
    }

    private Segment Open(ulong sequence, out uint checksum)
    {
        var name = SegmentNames.Of(sequence);
        var path = Path.Combine(_directory.Path, name);
        var file = _directory.Open(name);
        try
        {
            return new Segment(file, path, SegmentHeader.Read(file, path, sequence, out checksum), file.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void RequireJoint(Segment segment)
    {
        var header = segment.Header;
        string? problem = null;
        if (header.Previous != Chain) problem = "the segment does not continue the one before it";
        else if (header.Base != Content.Base || header.Last != Content.Last || header.HardState != Content.HardState)
            problem = $"the segment was begun after entry {header.Last} and {header.HardState}, but the one before it ends at {Content.Last} and {Content.HardState}";
        if (problem is not null) throw new DamagedException(segment.Path, 0, problem, LogAdvice.Repair);
    }

    private void Scan(Segment segment, bool isLast)
    {
        var bytes = ReadAll(segment);
        var offset = SegmentHeader.Size;
        var end = isLast ? long.MaxValue : Segments[Segments.IndexOf(segment) + 1].Start;
        string? problem = null;
        while (End < end)
        {
            // At a segment's start the chain is the header's; there the joint with the segment before is the check.
            if (End == _mark.Position && End > segment.Start && Chain != _mark.Chain)
                throw Damaged(segment, offset, "the log was another one when it was last synced to this position");
            problem = Invalid(bytes, offset, out var header, out var checksum);
            if (problem is not null) break;
            var contradiction = Content.Apply(header, bytes.AsSpan(offset + RecordHeader.Size, header.PayloadLength));
            if (contradiction is not null) throw Damaged(segment, offset, contradiction);
            Chain = checksum;
            offset += RecordHeader.SizeOf(header.PayloadLength);
            End = segment.PositionOf(offset);
        }

        if (isLast) SettleTail(segment, bytes, offset, problem ?? "the file ends");
        else if (problem is not null || End != end)
            throw Damaged(segment, offset, $"{problem ?? "a record reaches beyond the segment's end"}, but a later segment exists");
    }

    private byte[] ReadAll(Segment segment)
    {
        var length = (int)Math.Min(segment.Capacity, int.MaxValue);
        if (_buffer.Length != length) _buffer = new byte[length];
        var read = segment.File.Read(0, _buffer);
        _buffer.AsSpan(read).Clear();
        return _buffer;
    }

    /// <summary>Why there is no record at <paramref name="offset"/>, or null.</summary>
    private string? Invalid(byte[] bytes, int offset, out RecordHeader header, out uint checksum)
    {
        checksum = 0;
        var rest = bytes.AsSpan(offset);
        if (!RecordHeader.TryRead(rest, End, out header))
            return rest.Length >= RecordHeader.Size && rest[..RecordHeader.Size].ContainsAnyExcept((byte)0) ? "the bytes are no record of this place" : "there is no record";
        var size = RecordHeader.SizeOf(header.PayloadLength);
        if (size > rest.Length) return "the record is longer than the segment";
        if (!RecordHeader.IsIntact(rest[..size], out checksum)) return "the record does not fit its checksum";
        return header.Previous == Chain ? null : "the record does not continue the one before it";
    }

    private void SettleTail(Segment segment, byte[] bytes, int offset, string problem)
    {
        if (_mark.Position > End)
            throw Damaged(segment, offset, $"{problem}, but the log was on disk up to {_mark.Position - End} bytes further");
        if (WitnessAfter(segment, bytes, offset) is { } witness)
            throw Damaged(segment, offset, $"{problem}, but the record at offset {witness} was written when this one had been synced");

        try
        {
            var rest = bytes.AsSpan(offset).TrimEnd((byte)0);
            if (!rest.IsEmpty)
            {
                // Remains of a torn write could continue what will be written here if left standing.
                segment.File.Truncate(offset);
                segment.File.Allocate(segment.Capacity);
                if (RecordHeader.TryRead(bytes.AsSpan(offset), End, out _)) TornBytes = rest.Length;
            }

            // Bytes beyond the mark may be in the cache only, and clean there after a failed sync: write them again, so that the sync counts.
            var known = (int)Math.Clamp(segment.OffsetOf(_mark.Position), SegmentHeader.Size, offset);
            if (known < offset) segment.File.Write(known, bytes.AsSpan(known, offset - known));
            segment.File.Sync();
            // The same for its name: a directory sync may have failed between the rename and now.
            _directory.Sync();
            _mark.Write(End, Chain);
        }
        catch (IOException exception)
        {
            throw new StorageFailedException($"cut and sync {segment.Path} at offset {offset}", exception);
        }
    }

    /// <summary>The offset of an intact record after <paramref name="offset"/> that was written when a position beyond it was already durable.</summary>
    private long? WitnessAfter(Segment segment, byte[] bytes, int offset)
    {
        for (var at = offset; at + RecordHeader.Size <= bytes.Length; at += 8)
        {
            var zeros = bytes.AsSpan(at).IndexOfAnyExcept((byte)0);
            if (zeros < 0) return null;
            // A header may begin with zeros, but its position at byte 16 may not be further away than that.
            at += Math.Max(0, zeros - 24) & ~7;
            if (!RecordHeader.TryRead(bytes.AsSpan(at), segment.PositionOf(at), out var header) || header.Durable <= End) continue;
            var size = RecordHeader.SizeOf(header.PayloadLength);
            if (size <= bytes.Length - at && RecordHeader.IsIntact(bytes.AsSpan(at, size), out _)) return at;
        }

        return null;
    }

    private static DamagedException Damaged(Segment segment, long offset, string problem) => new(segment.Path, offset, problem, LogAdvice.Repair);
}
