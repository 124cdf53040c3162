using System.Collections.Concurrent;
using ControlPlane.Agent.Processes;

namespace ControlPlane.Agent.Logs;

/// <summary>Follows the logs of running containers: notes when they grew (<see cref="LogIndex"/>) and keeps them within a bound.
/// A log is bounded by making a hole at its head: the file's length and every offset stay, the disk space goes. So a container needs no pipe,
/// no reopening and no agent to write its log, nothing is lost in between, and readers' offsets stay true.</summary>
internal sealed class LogKeeper
{
    /// <summary>Bytes are dropped in pieces of this size; <c>.floor</c> counts the pieces by its own length, which a crash cannot tear.</summary>
    public const int DropSizeBytes = 1 << 20;

    private readonly ConcurrentDictionary<string, Kept> _logs = new();
    private readonly TimeProvider _time;
    private readonly long _sizeMaxBytes;

    /// <param name="sizeMaxBytes">What a log may hold, give or take <see cref="DropSizeBytes"/>.</param>
    public LogKeeper(TimeProvider time, long sizeMaxBytes)
    {
        _time = time;
        _sizeMaxBytes = sizeMaxBytes;
    }

    /// <summary>Begins to follow a log.</summary>
    public void Add(string stem) => _logs[stem] = new(stem);

    /// <summary>Notes the last bytes and ends.</summary>
    public void Remove(string stem)
    {
        if (_logs.TryRemove(stem, out var kept)) Look(kept);
    }

    /// <summary>Looks at every log once.</summary>
    public void LookAtAll()
    {
        foreach (var kept in _logs.Values) Look(kept);
    }

    private void Look(Kept kept)
    {
        lock (kept)
        {
            var log = new FileInfo(kept.Stem + ".log");
            if (!log.Exists) return;
            var index = kept.Stem + ".idx";
            if (kept.Length < 0) kept.Length = File.Exists(index) ? LogIndex.LastLength(File.ReadAllBytes(index)) : 0;
            if (log.Length > kept.Length)
            {
                kept.Length = log.Length;
                Span<byte> record = stackalloc byte[LogIndex.RecordSizeBytes];
                LogIndex.Write(record, _time.GetUtcNow(), log.Length);
                using var file = new FileStream(index, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                file.Write(record);
            }

            Bound(kept);
        }
    }

    private void Bound(Kept kept)
    {
        if (kept.Length <= _sizeMaxBytes || kept.CannotBeBounded) return;
        var floorPath = kept.Stem + ".floor";
        var dropped = File.Exists(floorPath) ? new FileInfo(floorPath).Length : 0;
        var wanted = (kept.Length - _sizeMaxBytes + DropSizeBytes - 1) / DropSizeBytes;
        if (wanted <= dropped) return;

        // The floor first: a reader must not take the zeros of a hole for a log.
        using (var floor = new FileStream(floorPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) floor.SetLength(wanted);
        using var log = File.OpenHandle(kept.Stem + ".log", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        const int hole = Native.FallocatePunchHole | Native.FallocateKeepSize;
        kept.CannotBeBounded = Native.Fallocate(log, hole, dropped * DropSizeBytes, (wanted - dropped) * DropSizeBytes) != 0;
    }

    private sealed class Kept(string stem)
    {
        public string Stem => stem;

        /// <summary>The length last noted; -1 before the index was read.</summary>
        public long Length { get; set; } = -1;

        /// <summary>The file system makes no holes; the log grows on rather than be damaged.</summary>
        public bool CannotBeBounded { get; set; }
    }
}
