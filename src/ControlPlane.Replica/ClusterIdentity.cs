using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Wal.Members;

namespace ControlPlane.Replica;

/// <summary>Names the cluster and its first members from their names alone, so that members that start separately agree without talking.</summary>
internal sealed record ClusterIdentity(MemberIdentity Self, Configuration Initial)
{
    /// <summary>This is the first start on this disk.</summary>
    public bool IsNew { get; init; }

    /// <exception cref="ArgumentException">The member is not in the list.</exception>
    public static ClusterIdentity Of(string name, IReadOnlyList<PeerAddress> initialCluster)
    {
        if (initialCluster.All(member => member.Name != name))
        {
            throw new ArgumentException($"the member '{name}' is not among the initial cluster: {string.Join(", ", initialCluster.Select(member => member.Name))}");
        }

        var clusterId = IdOf(initialCluster.Select(member => member.Name));
        var voters = initialCluster.Select(member => new Member(IdOf(clusterId, member.Name), member.Name, member.Address));
        return new ClusterIdentity(new MemberIdentity(clusterId, IdOf(clusterId, name).Value, name), Configuration.Of(voters));
    }

    /// <exception cref="UnusableDataDirectoryException">The directory is somebody else's.</exception>
    public void Claim(MemberStorage storage, string directory)
    {
        if (storage.Identity is { } found && found with { DiskId = Self.DiskId } != Self)
        {
            var what = found.ClusterId != Self.ClusterId
                ? $"member '{found.Name}' of another cluster ({found.ClusterId})"
                : $"member '{found.Name}'";
            throw new UnusableDataDirectoryException(
                $"the data directory {directory} belongs to {what}, not to member '{Self.Name}' of cluster {Self.ClusterId}; " +
                "start with the name and the initial cluster it was made with, or give another directory");
        }

        if (storage.Identity is null) storage.SetIdentity(Self);
    }

    /// <summary>The id of the cluster that members of these names form.</summary>
    public static Guid IdOf(IEnumerable<string> names) =>
        HashOf($"controlplane cluster\n{string.Join('\n', names.Order(StringComparer.Ordinal))}");

    public static Guid HashOf(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16), bigEndian: true);

    public static ReplicaId IdOf(Guid clusterId, string name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{clusterId:N}\n{name}"));
        // 63 bits, so that the id also fits the signed numbers of other programs; 0 is "nobody".
        return new ReplicaId(Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(hash) >> 1));
    }
}
