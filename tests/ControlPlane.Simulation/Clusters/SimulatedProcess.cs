using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Peers;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Checking;
using ControlPlane.Simulation.Worlds;
using ControlPlane.Store;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Clusters;

/// <summary>The part of a member that a crash takes: the turn, and its side effects on the simulated disk and network.</summary>
internal sealed class SimulatedProcess : IReplicaRim
{
    private readonly SimulatedCluster _cluster;
    private readonly SimulatedMember _member;
    private readonly MemberDisk _disk;
    private readonly LogWriter _writer;
    private readonly SnapshotReception _reception;

    public SimulatedProcess(SimulatedCluster cluster, SimulatedMember member, MemberDisk disk, ClusterIdentity identity, ulong incarnation)
    {
        (_cluster, _member, _disk) = (cluster, member, disk);
        _writer = new LogWriter(cluster, member, this, disk);
        _reception = new SnapshotReception(disk);
        var plan = cluster.Plan;
        var remembered = disk.Recall(identity.Initial);
        var node = remembered.ToNode(new RaftOptions
        {
            Self = member.Id,
            Seed = cluster.Random.Next(),
            ElectionTicks = SimulatedMember.ElectionTicks,
            AppendSizeBytesMax = plan.AppendSizeBytesMax,
            WindowMessagesMax = plan.WindowMessagesMax,
            UncommittedBytesMax = BudgetChecker.UncommittedBytesMax,
        });
        var options = new TurnOptions
        {
            ElectionTicks = SimulatedMember.ElectionTicks,
            RequestTicks = 40,
            ResendTicks = 8,
            SnapshotEntries = plan.SnapshotEntries,
            KeptEntries = plan.KeptEntries,
            TicksPerSecond = 1_000_000 / SimulatedMember.TickMicroseconds,
            LeaseCheckpointTicks = 15,
            CompareTicks = 20,
            HistoryTicks = plan.HistoryTicks,
            LeaseGraceTicks = 2 * SimulatedMember.ElectionTicks,
        };
        View = remembered.State.View;
        CheckedCommit = node.Commit;
        CheckedConfiguration = node.Configuration;
        Core = new ReplicaCore(options, node, remembered.State, incarnation, this);
    }

    public ReplicaCore Core { get; }

    public StoreView View { get; private set; }

    /// <summary>The group as this member knows it to be committed; who may talk to it.</summary>
    public Configuration? Committed { get; private set; }

    public bool IsAlive => _member.Running == this;

    /// <summary>Ticks of this life.</summary>
    public long Ticks { get; private set; }

    /// <summary>When, in ticks of this life, a message of each peer was last taken in.</summary>
    public Dictionary<ReplicaId, long> HeardAtTick { get; } = [];

    /// <summary>Since when this process leads, in its ticks; meaningless while it does not.</summary>
    public long LedSinceTick { get; private set; }

    /// <summary>The checkers' notes: how far this life was looked at.</summary>
    public LogIndex CheckedCommit { get; set; }

    /// <inheritdoc cref="CheckedCommit"/>
    public Configuration CheckedConfiguration { get; set; }

    /// <inheritdoc cref="CheckedCommit"/>
    public Term CheckedReign { get; set; }

    /// <inheritdoc cref="CheckedCommit"/>
    public Revision CheckedRevision { get; set; }

    /// <summary>The state came from a snapshot at this revision; the changes before it are not here.</summary>
    public Revision RestoredRevision { get; set; }

    /// <summary>Messages sent since the last tick.</summary>
    public int SentSinceTick { get; private set; }

    public void Begin() => _cluster.Checkers.States.Began(_member, this);

    /// <summary>A turn is about to take these in.</summary>
    public void Before(IReadOnlyList<TurnInput> inputs, bool isTick)
    {
        if (isTick)
        {
            Ticks++;
            SentSinceTick = 0;
        }

        if (Core.Node.Role != Role.Leader) LedSinceTick = Ticks;
        foreach (var input in inputs)
        {
            if (input is TurnInput.FromPeer(var message)) HeardAtTick[message.From] = Ticks;
        }
    }

    public void Persist(LogWrite write)
    {
        _cluster.Checkers.Logs.Written(_member, write);
        if (write.Install is { } install) RestoredRevision = install.State.View.Revision;
        _member.Durable.Written(write);
        _writer.Write(write);
    }

    public void Send(PeerMessage message)
    {
        SentSinceTick++;
        if (message is PeerMessage.Consensus(var consensus)) Check(consensus);
        _cluster.Network.Send(message);
    }

    public void SendSnapshot(InstallSnapshot message)
    {
        SnapshotFile? file = null;
        try
        {
            using var reader = _disk.OpenSnapshot(message.Snapshot);
            var bytes = new byte[reader.FileLength];
            Promise.That(reader.ReadFile(0, bytes) == bytes.Length, "a snapshot is as long as its file");
            file = new SnapshotFile(SnapshotLabel.Of(reader), bytes);
        }
        catch (Exception gone) when (gone is IOException or DamagedException)
        {
            // Replaced by a newer one meanwhile, or rotten; the next attempt sends what is there then.
            file = null;
        }

        _cluster.Network.SendSnapshot(message, file, this, isDelivered =>
        {
            if (IsAlive) _member.Post(new TurnInput.SnapshotSent(message.To, isDelivered));
        });
    }

    /// <summary>True when the snapshot is on the shelf and handed in.</summary>
    /// <param name="cutAt">The connection breaks when this much has arrived; what has is kept for the next one.</param>
    public bool TryReceive(byte[] encoded, SnapshotFile file, int cutAt)
    {
        var isReceived = false;
        _member.Guard(() =>
        {
            var message = (InstallSnapshot)((PeerMessage.Consensus)PeerCodec.Decode(encoded)).Message;
            // Disposing removes what did not become a snapshot; a process that dies here removes nothing.
            SnapshotReceiver? receiver = null;
            try
            {
                receiver = _reception.Take(file.Label);
                var known = (int)receiver.Received;
                if (cutAt > known) Promise.That(receiver.TryWrite(known, file.Bytes.AsSpan(known..cutAt)), "a snapshot goes on where it stopped");
                if (receiver.Received < file.Bytes.Length)
                {
                    _reception.Keep(file.Label, receiver);
                    return;
                }

                // Before it is complete: a crash within may leave it there already.
                _member.Durable.Received(message.Snapshot);
                receiver.Complete();
                _member.Post(new TurnInput.SnapshotReceived(new ReceivedSnapshot(message, _disk.Load(message.Snapshot))));
                receiver.Dispose();
                isReceived = true;
            }
            catch (Exception refusal) when (refusal is IOException or DamagedException or StorageFullException or InvalidDataException)
            {
                receiver?.Dispose();
                // Late, and older than the two that the shelf keeps; or cut off; or there was no room.
                _cluster.Trace.Story?.Add($"{_member.Name} does not take the snapshot at {message.Snapshot.Index}: {refusal.Message}");
            }
        });
        return isReceived;
    }

    public void SaveSnapshot(ReplicaImage image) => _member.After(this, _cluster.DiskDelay(_member), () =>
    {
        try
        {
            _member.Post(new TurnInput.SnapshotSaved(image.Mark, _disk.Save(image)));
        }
        catch (StorageFullException)
        {
            Promise.That(_member.Directory.IsFull || _member.Directory.HasFailed, $"{_member.Name} has room for a snapshot");
            _member.Post(new TurnInput.SnapshotNotSaved());
        }
    });

    public void CompactLog(SnapshotMark newBase) => _writer.Compact(newBase);

    public void Publish(StoreView view)
    {
        View = view;
        // The constructor of the core publishes before there is a process to look at.
        if (Core is not null) _cluster.Checkers.States.Published(_member, this);
    }

    public void Publish(Leadership leadership) => _cluster.Trace.Story?.Add(
        $"{_member.Name}: term {leadership.Term}, {(leadership.IsLeader ? "leads" : $"led by {_cluster.NameOf(leadership.Leader)}")}{(leadership.IsReady ? ", ready" : "")}");

    public void Follow(Configuration newest, Configuration committed)
    {
        Committed = committed;
        _cluster.Followed(committed);
        // As the host: who was removed stops.
        if (committed.Removed.Contains(_member.Id)) _cluster.Schedule.After(0, () => _cluster.Retire(_member));
    }

    public void Publish(IReadOnlyList<MemberStatus> members) => Promise.That(members.Count > 0, "a member knows its members");

    private void Check(Message message)
    {
        switch (message)
        {
            case VoteResponse { Granted: true } vote:
                _cluster.Checkers.Elections.Voted(_member, vote);
                break;
            case VoteRequest request:
                _cluster.Checkers.Elections.Campaigned(_member, request);
                break;
            case AppendAccepted accepted:
                _cluster.Checkers.Logs.Accepted(_member, this, accepted);
                break;
        }
    }
}
