using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Members;

/// <summary>Everything one member keeps on disk, opened together and checked against each other: identity, log, snapshots.</summary>
public sealed class MemberStorage : IDisposable
{
    private readonly IStorageDirectory _directory;

    private MemberStorage(IStorageDirectory directory, MemberIdentity? identity, WriteAheadLog log, SnapshotShelf snapshots)
    {
        _directory = directory;
        Identity = identity;
        Log = log;
        Snapshots = snapshots;
    }

    /// <summary>Null until <see cref="SetIdentity"/> was called on a new directory.</summary>
    public MemberIdentity? Identity { get; private set; }

    public WriteAheadLog Log { get; }

    public SnapshotShelf Snapshots { get; }

    /// <summary>The newest whole snapshot when the storage was opened; null when there was none.</summary>
    public SnapshotInfo? Snapshot { get; private set; }

    /// <summary>Newer snapshots that are not whole; the member goes on from an older one and the log, an operator should know.</summary>
    public IReadOnlyList<DamagedException> SnapshotDamage { get; private set; } = [];

    /// <summary>Opens what is there, or makes an empty member.</summary>
    /// <exception cref="DamagedException">Something acknowledged is missing or not as it was written.</exception>
    /// <exception cref="StorageFailedException">Reading or mending failed.</exception>
    public static MemberStorage Open(IStorageDirectory directory, LogOptions? options = null)
    {
        var identity = IdentityFile.Read(directory);
        // The identity is written after the log was made: without a log, a member's votes and entries are gone, and it must not vote again (Raft §5.2).
        if (identity is not null && !directory.List().Any(name => SegmentNames.TryParse(name, out _)))
        {
            throw new DamagedException(
                Path.Combine(directory.Path, IdentityFile.FileName), 0, $"this is the directory of member {identity.Name}, but its log is gone", LogAdvice.Repair);
        }

        var log = WriteAheadLog.Open(directory, options);
        try
        {
            var storage = new MemberStorage(directory, identity, log, new SnapshotShelf(directory));
            storage.JoinSnapshot();
            return storage;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Writes down whose data this is; durable when it returns.</summary>
    /// <exception cref="InvalidOperationException">It is somebody else's.</exception>
    public void SetIdentity(MemberIdentity identity)
    {
        if (Identity == identity) return;
        // A directory from before disks had ids gets one; everything else stays as it was written.
        if (Identity is not null && Identity != identity with { DiskId = 0 }) throw new InvalidOperationException($"{_directory.Path} belongs to {Identity}, not to {identity}");
        IdentityFile.Write(_directory, identity);
        Identity = identity;
    }

    public void Dispose() => Log.Dispose();

    /// <summary>Makes the log continue the newest snapshot: a crash may have come between the two.</summary>
    private void JoinSnapshot()
    {
        using var newest = Snapshots.OpenNewest(out var damage);
        SnapshotDamage = damage;
        Snapshot = newest?.Info;
        var point = Snapshot?.Point ?? LogPoint.Zero;
        if (point.Index < Log.Base.Index)
        {
            throw damage.Count > 0 ? damage[0] : new DamagedException(
                _directory.Path, 0, $"the log begins after entry {Log.Base}, but the newest snapshot ends at {point}", LogAdvice.Repair);
        }

        // A snapshot received from the leader was completed, and then the process died before the log was reset to it.
        if (Log.TermAt(point.Index) == point.Term) return;
        var state = Log.HardState;
        Log.Reset(point, state with { Term = Math.Max(state.Term, point.Term), Commit = Math.Max(state.Commit, point.Index), Vote = state.Term >= point.Term ? state.Vote : 0 });
    }
}
