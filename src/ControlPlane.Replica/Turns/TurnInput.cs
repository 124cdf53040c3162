using ControlPlane.Raft;
using ControlPlane.Store;

namespace ControlPlane.Replica.Turns;

/// <summary>What a turn takes in.</summary>
internal abstract record TurnInput
{
    /// <summary>Comes last in a batch: what arrived is heard before time moves, so that a pause of this process is not taken for silence of the leader.</summary>
    public sealed record Tick : TurnInput
    {
        public static readonly Tick One = new();
    }

    /// <summary>Time passed of which no tick told; comes first in a batch.</summary>
    public sealed record Late : TurnInput
    {
        public static readonly Late Known = new();
    }

    public sealed record FromPeer(PeerMessage Message) : TurnInput;

    /// <param name="Command">Encoded.</param>
    /// <param name="Complete">Called once, within a turn; must not block.</param>
    public sealed record Propose(ReadOnlyMemory<byte> Command, Action<ProposalOutcome> Complete) : TurnInput;

    /// <param name="Complete">Called once with a state to read, or null when leadership was not confirmed in time.</param>
    public sealed record Read(Action<StoreView?> Complete) : TurnInput;

    /// <summary>The write of this number and all before it are durable.</summary>
    public sealed record Durable(ulong WriteNumber) : TurnInput;

    /// <param name="Problem">Null: there is room again.</param>
    public sealed record DiskFull(string? Problem) : TurnInput;

    public sealed record SnapshotSaved(SnapshotMark Mark, long SizeBytes) : TurnInput;

    /// <summary>There was no room; tried again when as much as before has been applied.</summary>
    public sealed record SnapshotNotSaved : TurnInput;

    public sealed record SnapshotReceived(ReceivedSnapshot Snapshot) : TurnInput;

    public sealed record SnapshotSent(ReplicaId Peer, bool Delivered) : TurnInput;

    /// <summary>The connection to a peer broke; what was sent last may be lost.</summary>
    public sealed record PeerLost(ReplicaId Peer) : TurnInput;

    public sealed record Transfer(ReplicaId Target) : TurnInput;

    public sealed record Campaign : TurnInput;

    /// <summary>A peer called and said who it is.</summary>
    public sealed record PeerIntroduced(ReplicaId Peer, Introduction Introduction) : TurnInput;

    /// <param name="Complete">Called once, within a turn; must not block.</param>
    public sealed record ChangeMembers(MembershipRequest Request, Action<MembershipOutcome> Complete) : TurnInput;

    /// <summary>Somebody wants to keep a copy of the state as it is applied now.</summary>
    /// <param name="Complete">Called within the turn; null when the member is stopping.</param>
    public sealed record TakeImage(Action<ReplicaImage?> Complete) : TurnInput;
}
