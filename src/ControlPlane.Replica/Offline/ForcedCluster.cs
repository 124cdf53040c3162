using System.Globalization;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Disks;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Offline;

/// <summary>Makes a cluster of one from the data of one member, when the majority of its group is lost for good.</summary>
public static class ForcedCluster
{
    /// <summary>Writes a new data directory in the place of the old one, which is kept beside it.</summary>
    /// <param name="name">The member's name; must be the one in the directory.</param>
    /// <param name="peerAddress">Null: as the group knew it.</param>
    /// <exception cref="UnusableDataDirectoryException">There is no member of that name, its server runs, or its data is damaged; nothing was changed.</exception>
    /// <exception cref="IOException">It cannot be written; the old directory stands.</exception>
    public static ForcedReport Make(string dataDirectory, string name, string? peerAddress, DateTimeOffset now)
    {
        if (!Directory.Exists(dataDirectory)) throw new UnusableDataDirectoryException($"{dataDirectory} does not exist; give the data folder of a member that survived");
        try
        {
            return MakeLocked(Path.GetFullPath(dataDirectory), name, peerAddress, now);
        }
        catch (Exception refused) when (refused is DirectoryInUseException or DamagedException or StorageFullException or StorageFailedException)
        {
            throw new UnusableDataDirectoryException(refused.Message, refused);
        }
    }

    private static ForcedReport MakeLocked(string path, string name, string? peerAddress, DateTimeOffset now)
    {
        using var directoryLock = DirectoryLock.Take(path);
        Remembered remembered;
        MemberIdentity found;
        var directory = new DiskDirectory(path);
        using (var storage = MemberStorage.Open(directory))
        {
            found = storage.Identity ?? throw new UnusableDataDirectoryException($"{path} holds no member's data");
            if (found.Name != name) throw new UnusableDataDirectoryException($"{path} belongs to member '{found.Name}', not to '{name}'");
            remembered = new MemberDisk(storage).Recall(InitialFile.Read(directory) ?? Configuration.Of([new Member(new ReplicaId(found.MemberId), name, peerAddress ?? "127.0.0.1:0")]));
        }

        var (state, configuration) = (remembered.State, remembered.Snapshot.Configuration);
        var (last, term) = (remembered.Snapshot.Index, remembered.Snapshot.Term);
        // All of the log, committed or not: what a majority with this member acknowledged is in it, and this member may not have heard so.
        foreach (var entry in remembered.Entries.Where(entry => entry.Index > remembered.Snapshot.Index))
        {
            state.Apply(entry);
            if (entry.Kind == EntryKind.Configuration) configuration = entry.Configuration!;
            (last, term) = (entry.Index, entry.Term);
        }

        var others = configuration.Members.Where(member => member.Id.Value != found.MemberId).Select(member => new PeerAddress(member.Name, member.PeerAddress)).ToList();
        var address = peerAddress ?? configuration.Members.FirstOrDefault(member => member.Id.Value == found.MemberId)?.PeerAddress ?? "127.0.0.1:0";
        var clusterId = Guid.NewGuid();
        var id = ClusterIdentity.IdOf(clusterId, name);
        var alone = Configuration.Of([new Member(id, name, address)]) with { VersionFloor = configuration.VersionFloor };
        var image = NewDirectory.ImageOf(state, new SnapshotMark(last, term, alone));
        var kept = $"{path}.before-{now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        var beside = path + ".forced";
        if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        NewDirectory.Write(beside, new MemberIdentity(clusterId, id.Value, name), image);
        Directory.Move(path, kept);
        Directory.Move(beside, path);
        new DiskDirectory(Path.GetDirectoryName(path)!).Sync();
        return new ForcedReport(clusterId, new MemberId(id.Value), address, (long)last.Value, (long)term.Value, state.View.Revision.Value, state.View.KeyCount, others, kept);
    }
}

/// <param name="ClusterId">Of the new cluster; members of the old one are refused by it.</param>
/// <param name="Index">The last log entry that was kept; what a majority without this member acknowledged after it is lost.</param>
/// <param name="Others">Members of the old group, none of which belongs to the new one.</param>
/// <param name="KeptDirectory">The old data, as it was.</param>
public sealed record ForcedReport(
    Guid ClusterId, MemberId Member, string PeerAddress, long Index, long Term, long Revision, long KeyCount, IReadOnlyList<PeerAddress> Others, string KeptDirectory);
