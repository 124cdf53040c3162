using System.Globalization;
using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Members;

namespace ControlPlane.Replica.Offline;

/// <summary>A snapshot on its way to become one member of a new cluster. Every member restores the same file with the same list, and gets the same cluster.</summary>
public sealed class RestorePlan
{
    private readonly ReplicaImage _image;
    private readonly MemberIdentity _identity;

    private RestorePlan(SnapshotReport source, ReplicaImage image, MemberIdentity identity)
    {
        (Source, _image, _identity) = (source, image, identity);
    }

    /// <summary>What is restored.</summary>
    public SnapshotReport Source { get; }

    /// <summary>Of the new cluster: members of the old one are refused by it, and refuse it.</summary>
    public Guid ClusterId => _identity.ClusterId;

    public MemberId Member => new(_identity.MemberId);

    /// <summary>Reads and checks everything; writes nothing.</summary>
    /// <param name="token">Tells two clusters apart that are restored from the same file with the same names; empty is as good as any.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not in <paramref name="initialCluster"/>.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not a whole snapshot, or of a newer program.</exception>
    public static RestorePlan Of(string file, string name, IReadOnlyList<PeerAddress> initialCluster, string token)
    {
        if (initialCluster.All(member => member.Name != name))
        {
            throw new ArgumentException($"the member '{name}' is not among the initial cluster: {string.Join(", ", initialCluster.Select(member => member.Name))}");
        }

        var source = SnapshotFile.Inspect(file);
        if (source.VersionFloor > VersionLevel.Current)
        {
            throw new InvalidDataException($"{file} has version floor {source.VersionFloor}, this program understands {VersionLevel.Current}; restore it with the program that wrote it or a newer one");
        }

        var names = string.Join('\n', initialCluster.Select(member => member.Name).Order(StringComparer.Ordinal));
        var clusterId = ClusterIdentity.HashOf(string.Create(
            CultureInfo.InvariantCulture, $"controlplane restored cluster\n{source.ClusterId}\n{source.Term}/{source.Index}\n{source.StateHash}\n{token}\n{names}"));
        var configuration = Configuration.Of(initialCluster.Select(member => new Raft.Membership.Member(ClusterIdentity.IdOf(clusterId, member.Name), member.Name, member.Address))) with
        {
            VersionFloor = source.VersionFloor,
        };
        var (_, point, state, _) = SnapshotFile.Read(file);
        var mark = new SnapshotMark(new LogIndex(point.Index), new Term(point.Term), configuration);
        return new RestorePlan(source, NewDirectory.ImageOf(state, mark), new MemberIdentity(clusterId, ClusterIdentity.IdOf(clusterId, name).Value, name));
    }

    /// <summary>Writes the member's data; all of it is there when this returns, or nothing.</summary>
    /// <exception cref="UnusableDataDirectoryException">The directory is not empty.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void CarryOut(string dataDirectory)
    {
        CheckEmpty(dataDirectory);
        NewDirectory.Write(dataDirectory, _identity, _image);
    }

    /// <exception cref="UnusableDataDirectoryException">The directory is not empty.</exception>
    public static void CheckEmpty(string dataDirectory)
    {
        if (Directory.Exists(dataDirectory) && Directory.EnumerateFileSystemEntries(dataDirectory).Any())
        {
            throw new UnusableDataDirectoryException($"{dataDirectory} is not empty: a restore never writes over data; give another folder, or move that one away");
        }
    }
}
