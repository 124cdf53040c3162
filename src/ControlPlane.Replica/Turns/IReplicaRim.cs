using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Store;

namespace ControlPlane.Replica.Turns;

/// <summary>The side effects of a turn, carried out by the host on real disks and sockets, and by the simulator on seeded ones. None may block the turn;
/// what takes time ends with a <see cref="TurnInput"/>.</summary>
internal interface IReplicaRim
{
    /// <summary>Writes in the order of the calls; ends with <see cref="TurnInput.Durable"/>.</summary>
    void Persist(LogWrite write);

    /// <summary>Sends or loses.</summary>
    void Send(PeerMessage message);

    /// <summary>Sends the newest durable snapshot and then the message; ends with <see cref="TurnInput.SnapshotSent"/>.</summary>
    void SendSnapshot(InstallSnapshot message);

    /// <summary>Writes a snapshot; ends with <see cref="TurnInput.SnapshotSaved"/> or <see cref="TurnInput.SnapshotNotSaved"/>.</summary>
    void SaveSnapshot(ReplicaImage image);

    /// <summary>Entries up to and including this one are needed no more.</summary>
    void CompactLog(SnapshotMark newBase);

    /// <summary>A newer state may be read.</summary>
    void Publish(StoreView view);

    void Publish(Leadership leadership);

    void Publish(IReadOnlyList<MemberStatus> members);

    /// <summary>The group changed, or is about to.</summary>
    /// <param name="newest">In this member's log; whom it talks to. May yet be taken back.</param>
    /// <param name="committed">Will never be taken back; who may talk to it.</param>
    void Follow(Configuration newest, Configuration committed);
}

/// <param name="Number">Echoed by <see cref="TurnInput.Durable"/>.</param>
/// <param name="HardState">When it changed.</param>
/// <param name="Install">A received snapshot that takes the place of the whole log, before the entries.</param>
/// <param name="Entries">The first may lie at or below the log's end: then the log is cut there.</param>
internal sealed record LogWrite(ulong Number, HardState? HardState, ReceivedSnapshot? Install, IReadOnlyList<Entry> Entries);

/// <summary>A snapshot that came from the leader: complete, checked, and durable on the shelf. It comes into force when the log is reset to it; should the
/// core find that it is old news, it stays on the shelf as one snapshot more.</summary>
/// <param name="Message">The core's message that it belongs to.</param>
/// <param name="State">Decoded.</param>
internal sealed record ReceivedSnapshot(InstallSnapshot Message, ReplicaState State);
