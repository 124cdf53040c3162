using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Snapshots;

namespace ControlPlane.Replica.Disks;

/// <summary>Translates between the core's words and the disk's: log writes, snapshots, and what a start finds. Synchronous; the host calls it from its disk
/// thread, the simulator from its own.</summary>
/// <param name="historyBytesMax">For the states it makes.</param>
internal sealed class MemberDisk(MemberStorage storage, long historyBytesMax = StoreState.HistoryBytesMaxUsual)
{
    private const long ReadSizeBytesMax = 4 << 20;

    /// <summary>Reads back what a member remembers.</summary>
    /// <param name="initial">The configuration that a new cluster starts from.</param>
    /// <exception cref="InvalidDataException">Whole by its checksums, but not of this program's making.</exception>
    public Remembered Recall(Configuration initial)
    {
        var (mark, state) = RecallSnapshot() ?? (new SnapshotMark(LogIndex.Zero, Term.Zero, initial), new ReplicaState(new StoreState(historyBytesMax), new SessionTable()));
        var log = storage.Log;
        // Only what is applied from now on looks up configurations, and that lies after the snapshot; the one at the log's base is never asked for.
        var logBase = new SnapshotMark(new LogIndex(log.Base.Index), new Term(log.Base.Term), mark.Configuration);
        var entries = new List<Entry>();
        for (var next = log.Base.Index + 1; next <= log.Last.Index;)
        {
            foreach (var entry in log.Read(next, log.Last.Index + 1, ReadSizeBytesMax))
            {
                entries.Add(EntryCodec.DecodePayload(new Term(entry.Term), new LogIndex(entry.Index), entry.Kind, entry.Payload));
                next = entry.Index + 1;
            }
        }

        var hardState = new Raft.HardState(new Term(log.HardState.Term), log.HardState.Vote == 0 ? null : new ReplicaId(log.HardState.Vote));
        return new Remembered(hardState, mark, logBase, entries, state);
    }

    /// <summary>Writes without syncing.</summary>
    public void Write(LogWrite write)
    {
        Wal.Logs.HardState? hardState = write.HardState is { } changed
            ? new Wal.Logs.HardState(changed.Term.Value, changed.Vote?.Value ?? 0, storage.Log.HardState.Commit)
            : null;
        if (write.Install is { } install)
        {
            var mark = install.Message.Snapshot;
            var state = hardState ?? storage.Log.HardState;
            storage.Log.Reset(PointOf(mark), state with { Commit = Math.Max(state.Commit, mark.Index.Value) });
            hardState = null;
        }

        if (hardState is null && write.Entries.Count == 0) return;
        var entries = new LogEntry[write.Entries.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = write.Entries[i];
            entries[i] = new LogEntry(entry.Index.Value, entry.Term.Value, (byte)entry.Kind, EntryCodec.EncodePayload(entry));
        }

        storage.Log.Append(hardState, entries);
    }

    public void Sync() => storage.Log.Sync();

    /// <summary>Writes a snapshot and makes it durable; returns its size in bytes. Any thread.</summary>
    public long Save(ReplicaImage image)
    {
        using var writer = storage.Snapshots.Create(new SnapshotInfo(PointOf(image.Mark), EntryCodec.Encode(image.Mark.Configuration)));
        long sizeBytes = 0;
        SnapshotCodec.Write(image, bytes =>
        {
            writer.Write(bytes);
            sizeBytes += bytes.Length;
        });
        writer.Complete();
        return sizeBytes;
    }

    public void Compact(SnapshotMark newBase) => storage.Log.Compact(newBase.Index.Value);

    /// <summary>Opens a durable snapshot to be sent.</summary>
    /// <exception cref="IOException">It was replaced by a newer one.</exception>
    public SnapshotReader OpenSnapshot(SnapshotMark mark) => storage.Snapshots.Open(PointOf(mark));

    public SnapshotReceiver ReceiveSnapshot() => storage.Snapshots.Receive();

    /// <summary>Decodes a snapshot that lies on the shelf. Any thread.</summary>
    public ReplicaState Load(SnapshotMark mark)
    {
        using var reader = OpenSnapshot(mark);
        return SnapshotCodec.Read(reader.Read, historyBytesMax);
    }

    private (SnapshotMark, ReplicaState)? RecallSnapshot()
    {
        if (storage.Snapshot is not { } info) return null;
        var mark = new SnapshotMark(new LogIndex(info.Point.Index), new Term(info.Point.Term), EntryCodec.DecodeConfiguration(info.Configuration));
        return (mark, Load(mark));
    }

    private static LogPoint PointOf(SnapshotMark mark) => new(mark.Index.Value, mark.Term.Value);
}

/// <summary>What a start finds on the disk.</summary>
internal sealed record Remembered(Raft.HardState HardState, SnapshotMark Snapshot, SnapshotMark LogBase, IReadOnlyList<Entry> Entries, ReplicaState State)
{
    public RaftNode ToNode(RaftOptions options) => new(options, HardState, Snapshot, Entries, LogBase);
}
