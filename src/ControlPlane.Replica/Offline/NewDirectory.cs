using ControlPlane.Raft;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Offline;

/// <summary>Makes a member's data directory from a state, beside its place and then renamed into it, so that a crash leaves all or nothing.</summary>
internal static class NewDirectory
{
    /// <summary>The state without the requests of members that are no more.</summary>
    public static ReplicaImage ImageOf(ReplicaState state, SnapshotMark mark) => state.TakeImage(mark) with { Sessions = new SessionTable() };

    public static void Write(string path, MemberIdentity identity, ReplicaImage image)
    {
        path = Path.GetFullPath(path).TrimEnd(Path.DirectorySeparatorChar);
        var beside = path + ".new";
        if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        Fill(beside, identity with { DiskId = (ulong)Random.Shared.NextInt64(1, long.MaxValue) }, image);
        if (Directory.Exists(path)) Directory.Delete(path);
        Directory.Move(beside, path);
        new DiskDirectory(Path.GetDirectoryName(path)!).Sync();
    }

    private static void Fill(string path, MemberIdentity identity, ReplicaImage image)
    {
        var directory = new DiskDirectory(path);
        using var storage = MemberStorage.Open(directory);
        new MemberDisk(storage).Save(image);
        var point = new LogPoint(image.Mark.Index.Value, image.Mark.Term.Value);
        storage.Log.Reset(point, new Wal.Logs.HardState(point.Term, 0, point.Index));
        storage.Log.Sync();
        InitialFile.Write(directory, image.Mark.Configuration);
        storage.SetIdentity(identity);
    }
}
