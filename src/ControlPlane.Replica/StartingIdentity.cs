using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Peers;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica;

/// <summary>Finds out who a member is when it starts: its disk knows; a new disk is one of the first members or one that was added.</summary>
internal static class StartingIdentity
{
    private static readonly TimeSpan AskPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Reads the identity, or writes it down; durable when it completes.</summary>
    /// <exception cref="ArgumentException">The options do not say who this is.</exception>
    /// <exception cref="UnusableDataDirectoryException">The disk is somebody else's, or the group does not want this member.</exception>
    public static async Task<ClusterIdentity> FindAsync(ReplicaOptions options, MemberStorage storage, IStorageDirectory directory, CancellationToken cancellationToken)
    {
        if (storage.Identity is { } found) return Reopen(options, found, storage, directory);
        // A disk id is drawn for the directory, not for the member: the next directory under this name has another one.
        var diskId = (ulong)Random.Shared.NextInt64(1, long.MaxValue);
        ClusterIdentity born;
        if (options.InitialCluster.Count > 0) born = ClusterIdentity.Of(options.Name, options.InitialCluster);
        else if (options.Join.Count > 0) born = await AskAsync(options, diskId, cancellationToken);
        else throw new ArgumentException($"the member '{options.Name}' has no data yet: name the initial cluster, or members of the cluster that it was added to");
        born = born with { Self = born.Self with { DiskId = diskId }, IsNew = true };
        // Before the identity, which makes the directory a member's.
        InitialFile.Write(directory, born.Initial);
        born.Claim(storage, directory.Path);
        return born;
    }

    private static ClusterIdentity Reopen(ReplicaOptions options, MemberIdentity found, MemberStorage storage, IStorageDirectory directory)
    {
        var initial = InitialFile.Read(directory);
        if (options.InitialCluster.Count > 0 && (initial is null || IsFirst(found, initial)) && !NamesAllOf(options.InitialCluster, initial))
        {
            ClusterIdentity.Of(options.Name, options.InitialCluster).Claim(storage, directory.Path);
            initial ??= ClusterIdentity.Of(options.Name, options.InitialCluster).Initial;
        }

        if (found.Name != options.Name)
        {
            throw new UnusableDataDirectoryException($"the data directory {directory.Path} belongs to member '{found.Name}', not to '{options.Name}'; start with that name, or give another directory");
        }

        initial ??= storage.Snapshot is { } snapshot ? Codecs.EntryCodec.DecodeConfiguration(snapshot.Configuration) : throw new ArgumentException(
            $"the data directory {directory.Path} does not say which members the group began with: give the initial cluster as at the first start");
        if (found.DiskId == 0)
        {
            found = found with { DiskId = (ulong)Random.Shared.NextInt64(1, long.MaxValue) };
            storage.SetIdentity(found);
        }

        return new ClusterIdentity(found, initial);
    }

    // One of the members whose names made the cluster's id; others joined, or were restored under an id of their own.
    private static bool IsFirst(MemberIdentity found, Configuration initial) =>
        initial.IsVoter(new ReplicaId(found.MemberId)) && ClusterIdentity.IdOf(initial.Voters.Select(voter => voter.Name)) == found.ClusterId;

    // The list may have grown with the group; the identity rules.
    private static bool NamesAllOf(IReadOnlyList<PeerAddress> list, Configuration? initial) =>
        initial is not null && initial.Voters.All(voter => list.Any(member => member.Name == voter.Name));

    private static async Task<ClusterIdentity> AskAsync(ReplicaOptions options, ulong diskId, CancellationToken cancellationToken)
    {
        var nobody = new MemberIdentity(Guid.Empty, 0, options.Name);
        var connector = new PeerConnector(nobody, new Introduction(options.Name, diskId, options.Level), options.PeerAdvertise ?? options.PeerListen ?? "", options.Tls, guests: null);
        var deadline = options.TimeProvider.GetUtcNow() + options.JoinTimeout;
        while (true)
        {
            Exception? problem = null;
            foreach (var peer in options.Join)
            {
                try
                {
                    var answer = await AskAsync(connector, peer.Address, cancellationToken);
                    return new ClusterIdentity(new MemberIdentity(answer.ClusterId, answer.Member.Value, options.Name), answer.Group);
                }
                catch (RefusedException refused) when (refused.IsFinal)
                {
                    throw new UnusableDataDirectoryException(refused.Message, refused);
                }
                catch (Exception trouble) when (trouble is IOException or InvalidDataException || (trouble is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    // A refusal says more than a member that cannot be reached.
                    if (problem is not RefusedException) problem = trouble is OperationCanceledException ? new IOException($"{peer.Address} does not answer") : trouble;
                }
            }

            if (options.TimeProvider.GetUtcNow() >= deadline) throw new UnusableDataDirectoryException($"cannot join: {problem?.Message}", problem);
            await Task.Delay(AskPause, options.TimeProvider, cancellationToken);
        }
    }

    private static async Task<JoinAnswer> AskAsync(PeerConnector connector, string address, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(AskTimeout);
        await using var stream = await connector.ConnectAsync(address, default, ConnectionKind.Join, patience.Token);
        return JoinAnswer.Decode(await Codecs.Frame.ReadAsync(stream, patience.Token) ?? throw new IOException($"{address} closed the connection without an answer"));
    }
}
