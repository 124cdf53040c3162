using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>The log of one member on disk: entries, term, vote and commit, in checksummed and chained records over preallocated segments.</summary>
/// <remarks>
/// Nothing is durable until <see cref="Sync"/> returns. One thread writes; <see cref="Sync"/> may run on another at the same time, and covers what
/// was appended before it was called. A failed write or sync is final: see <see cref="StorageFailedException"/>.
/// </remarks>
public sealed class WriteAheadLog : IDisposable
{
    private const int BufferSizeMin = 4 << 10;

    /// <summary>1 MiB: a larger batch is written in several calls, whose cost no longer counts then.</summary>
    private const int BufferSizeMax = 1 << 20;

    // Held for memory work and file reads, never while syncing the tail; _syncGate is taken first where both are.
    private readonly Lock _gate = new();
    private readonly Lock _syncGate = new();
    private readonly SyncOnce _fileSync = new();
    private readonly SegmentFiles _files;
    private readonly DurableMark _mark;
    private readonly LogContent _content;
    private readonly List<Segment> _segments;
    private byte[] _buffer = new byte[BufferSizeMin];
    private int _buffered;
    private long _end;
    private uint _chain;
    private StorageFailedException? _failure;

    private WriteAheadLog(SegmentFiles files, DurableMark mark, LogRecovery recovery)
    {
        _files = files;
        _mark = mark;
        _segments = recovery.Segments;
        _content = recovery.Content;
        _end = recovery.End;
        _chain = recovery.Chain;
        TornBytes = recovery.TornBytes;
    }

    /// <summary>Opens the log of a directory, or makes an empty one where there is none.</summary>
    /// <exception cref="DamagedException">Something acknowledged is not there or not as it was written; nothing was changed.</exception>
    /// <exception cref="StorageFailedException">Reading, cutting or syncing the tail failed.</exception>
    /// <exception cref="StorageFullException">There is no room for the first segment.</exception>
    public static WriteAheadLog Open(IStorageDirectory directory, LogOptions? options = null)
    {
        var files = new SegmentFiles(directory, options ?? new LogOptions());
        var sequences = files.Find();
        if (sequences.Count == 0)
        {
            if (directory.Exists(DurableMark.FileName))
            {
                throw new DamagedException(
                    Path.Combine(directory.Path, DurableMark.FileName), 0, "a log was written here, but its segments are gone", LogAdvice.Repair);
            }

            files.Make(new SegmentHeader(0, 1, 0, LogPoint.Zero, LogPoint.Zero, HardState.Zero), 0).Dispose();
            sequences = [1];
        }

        var mark = DurableMark.Open(directory);
        try
        {
            return new WriteAheadLog(files, mark, LogRecovery.Run(directory, sequences, mark));
        }
        catch
        {
            mark.Dispose();
            throw;
        }
    }

    /// <summary>The newest term, vote and commit appended.</summary>
    public HardState HardState
    {
        get { lock (_gate) return _content.HardState; }
    }

    /// <summary>Entries up to and including this one are in a snapshot; <see cref="LogPoint.Zero"/> when nothing was compacted.</summary>
    public LogPoint Base
    {
        get { lock (_gate) return _content.Base; }
    }

    /// <summary>The newest entry appended; <see cref="Base"/> when there is none after it.</summary>
    public LogPoint Last
    {
        get { lock (_gate) return _content.Last; }
    }

    /// <summary>Bytes of a torn tail that opening has cut; 0 after a clean stop.</summary>
    public long TornBytes { get; }

    /// <summary>What the segments take on disk, spares not counted.</summary>
    public long SizeBytes
    {
        get { lock (_gate) return _segments.Sum(segment => segment.Capacity); }
    }

    /// <summary>The term of the entry at <paramref name="index"/> or of the base; null when it is compacted away or not there yet.</summary>
    public ulong? TermAt(ulong index)
    {
        lock (_gate) return _content.TermAt(index);
    }

    /// <summary>Appends term, vote and commit.</summary>
    public void Append(HardState hardState) => Append(hardState, []);

    /// <summary>Appends entries.</summary>
    public void Append(ReadOnlySpan<LogEntry> entries) => Append(null, entries);

    /// <summary>Appends term, vote and commit (when given) and then entries, in one write. The first entry may lie at or below <see cref="Last"/>: it
    /// and everything after it is replaced.</summary>
    /// <param name="entries">Indexes ascend by one; the first is above <see cref="Base"/> and the commit, and at most one above <see cref="Last"/>. The
    /// payloads are copied before the call returns.</param>
    /// <exception cref="ArgumentException">The entries do not fit the log; nothing was written.</exception>
    /// <exception cref="StorageFullException">No room for another segment; entries before that point are appended, and the call may be repeated.</exception>
    /// <exception cref="StorageFailedException">A write failed; final.</exception>
    public void Append(HardState? hardState, ReadOnlySpan<LogEntry> entries)
    {
        lock (_gate)
        {
            RequireWorking();
            RequireFitting(entries);
            if (hardState is { } state) AddHardState(state);
            foreach (var entry in entries)
                Add(RecordKind.Entry, entry.Kind, entry.Term, entry.Index, entry.Payload.Span);
            Flush();
        }
    }

    /// <summary>Returns when everything appended before the call is on disk.</summary>
    /// <exception cref="StorageFailedException">Final; what is on disk is unknown until the next start.</exception>
    public void Sync()
    {
        lock (_syncGate) SyncAppended();
    }

    /// <summary>Entries from <paramref name="from"/> on, below <paramref name="end"/>, at least one and then as many as fit <paramref name="payloadBytesMax"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="from"/> is compacted away or not there yet.</exception>
    /// <exception cref="DamagedException">An entry is not as it was written.</exception>
    public IReadOnlyList<LogEntry> Read(ulong from, ulong end, long payloadBytesMax)
    {
        lock (_gate)
        {
            RequireWorking();
            if (!_content.Index.Contains(from))
                throw new ArgumentOutOfRangeException(nameof(from), from, $"the log holds entries {_content.Index.First} to {_content.Last.Index}");
            return EntryReader.Read(_content.Index, _segments, from, Math.Min(end, _content.Index.End), payloadBytesMax);
        }
    }

    /// <summary>Forgets entries up to <paramref name="index"/>, which a durable snapshot holds, and frees segments that have none left.
    /// Does nothing when that has happened already. Durable when it returns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The entry at <paramref name="index"/> does not exist yet.</exception>
    public void Compact(ulong index)
    {
        lock (_syncGate)
        {
            lock (_gate)
            {
                RequireWorking();
                if (index <= _content.Base.Index) return;
                var term = _content.TermAt(index)
                    ?? throw new ArgumentOutOfRangeException(nameof(index), index, $"the last entry is {_content.Last.Index}");
                Add(RecordKind.Base, 0, term, index, []);
                Flush();
            }

            FreeSegments();
        }
    }

    /// <summary>Drops every entry: a durable snapshot that ends at <paramref name="point"/> takes the log's place. The next entry is the one after it. Durable
    /// when it returns.</summary>
    /// <param name="hardState">What to remember with it; its commit is at least the point's index.</param>
    public void Reset(LogPoint point, HardState hardState)
    {
        lock (_syncGate)
        {
            lock (_gate)
            {
                RequireWorking();
                if (point.Index < _content.Base.Index)
                    throw new ArgumentOutOfRangeException(nameof(point), point, $"the log is already based on {_content.Base}");
                Add(RecordKind.Reset, 0, point.Term, point.Index, []);
                AddHardState(hardState);
                Flush();
            }

            FreeSegments();
        }
    }

    /// <summary>Closes the files. What was not synced is not synced now either.</summary>
    public void Dispose()
    {
        lock (_syncGate)
        {
            lock (_gate)
            {
                try
                {
                    if (_failure is null) _mark.Sync();
                }
                catch (IOException exception)
                {
                    // The mark only helps to tell damage from a torn write; an older one is true as well.
                    _failure = new StorageFailedException($"sync {DurableMark.FileName}", exception);
                }

                _mark.Dispose();
                foreach (var segment in _segments) segment.Dispose();
            }
        }
    }

    private void RequireWorking()
    {
        if (_failure is not null) throw new StorageFailedException(_failure.Attempted, _failure.InnerException!);
    }

    private void RequireFitting(ReadOnlySpan<LogEntry> entries)
    {
        if (entries.IsEmpty) return;
        var first = entries[0].Index;
        if (first <= _content.Base.Index || first > _content.Last.Index + 1)
            throw new ArgumentException($"entry {first} does not follow base {_content.Base} and last {_content.Last}", nameof(entries));
        // Whoever replaces a committed entry has lost an acknowledged write (Raft §5.4).
        if (first <= _content.HardState.Commit && first <= _content.Last.Index)
            throw new ArgumentException($"entry {first} would replace a committed one; the commit is {_content.HardState.Commit}", nameof(entries));
        for (var index = 0; index < entries.Length; index++)
        {
            if (entries[index].Index != first + (ulong)index) throw new ArgumentException($"entry {entries[index].Index} follows entry {first + (ulong)index - 1}", nameof(entries));
            if (entries[index].Payload.Length > RecordHeader.PayloadLengthMax)
                throw new ArgumentException($"entry {entries[index].Index} has {entries[index].Payload.Length} bytes, the most is {RecordHeader.PayloadLengthMax}", nameof(entries));
        }
    }

    private void AddHardState(HardState state)
    {
        Span<byte> vote = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(vote, state.Vote);
        Add(RecordKind.HardState, 0, state.Term, state.Commit, vote);
    }

    /// <summary>Puts one record into the buffer, after a roll where the segment is full.</summary>
    private void Add(RecordKind kind, byte entryKind, ulong term, ulong index, ReadOnlySpan<byte> payload)
    {
        var size = RecordHeader.SizeOf(payload.Length);
        if (_segments[^1].OffsetOf(_end) + size > _segments[^1].Capacity)
        {
            Flush();
            Roll(size);
        }

        MakeRoomFor(size);
        var header = new RecordHeader(_chain, payload.Length, kind, entryKind, _end, _mark.Position, term, index);
        _chain = header.Write(_buffer.AsSpan(_buffered, size), payload);
        _buffered += size;
        _end += size;
        var contradiction = _content.Apply(header, payload);
        Invariant.That(contradiction is null);
    }

    private void Flush()
    {
        if (_buffered == 0) return;
        var segment = _segments[^1];
        var offset = segment.OffsetOf(_end - _buffered);
        try
        {
            segment.File.Write(offset, _buffer.AsSpan(0, _buffered));
        }
        catch (IOException exception)
        {
            throw Fail($"append to {segment.Path} at offset {offset}", exception);
        }

        _buffered = 0;
        // A rare large entry should not keep its buffer for ever.
        if (_buffer.Length > BufferSizeMax) _buffer = new byte[BufferSizeMin];
    }

    private void MakeRoomFor(int size)
    {
        if (_buffered + size <= _buffer.Length) return;
        if (_buffered + size > BufferSizeMax) Flush();
        Array.Resize(ref _buffer, Math.Max(_buffered + size, Math.Min(2 * _buffer.Length, BufferSizeMax)));
    }

    /// <summary>Begins the next segment. The one before is synced first, so that only the last segment can ever hold a torn write.</summary>
    private void Roll(int recordSize)
    {
        var full = _segments[^1];
        try
        {
            _fileSync.Sync(full.File);
            _mark.Write(_end, _chain);
        }
        catch (IOException exception)
        {
            throw Fail($"sync {full.Path}", exception);
        }

        var header = new SegmentHeader(_chain, full.Sequence + 1, _end, _content.Base, _content.Last, _content.HardState);
        var next = _files.Make(header, SegmentHeader.Size + recordSize, exception => Fail($"begin segment {header.Sequence}", exception));
        _segments.Add(next);
        _chain = header.Write(stackalloc byte[SegmentHeader.Size]);
    }

    private void SyncAppended()
    {
        Segment tail;
        long end;
        uint chain;
        lock (_gate)
        {
            RequireWorking();
            (tail, end, chain) = (_segments[^1], _end, _chain);
            if (end == _mark.Position) return;
        }

        try
        {
            _fileSync.Sync(tail.File);
            lock (_gate)
            {
                // A roll in the meantime has synced more.
                if (end > _mark.Position) _mark.Write(end, chain);
            }
        }
        catch (IOException exception)
        {
            lock (_gate) throw Fail($"sync {tail.Path}", exception);
        }
    }

    private void FreeSegments()
    {
        // The base must be durable before what lies below it goes.
        SyncAppended();
        lock (_gate)
        {
            var index = _content.Index;
            var needed = index.Count == 0 ? _end : index[index.First].Position;
            var count = 0;
            while (count < _segments.Count - 1 && _segments[count + 1].Start <= needed) count++;
            if (count == 0) return;
            try
            {
                _files.Free(_segments.GetRange(0, count));
            }
            catch (IOException exception)
            {
                throw Fail($"free segments up to {_segments[count - 1].Path}", exception);
            }

            _segments.RemoveRange(0, count);
        }
    }

    private StorageFailedException Fail(string attempted, IOException exception) => _failure = new StorageFailedException(attempted, exception);
}
