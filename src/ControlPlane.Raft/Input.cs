using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Raft;

/// <summary>Everything that can happen to a member.</summary>
public abstract record Input
{
    /// <summary>Time moved by one tick. A tick that comes late counts once: hand in what is waiting from the network first.</summary>
    public sealed record Tick : Input
    {
        public static readonly Tick One = new();
    }

    /// <summary>A message arrived.</summary>
    public sealed record Receive(Message Message) : Input;

    /// <summary>Append these to the log, in this order; each is answered by <see cref="Answer.Proposed"/> or <see cref="Answer.ProposalRefused"/>.</summary>
    public sealed record Propose(IReadOnlyList<Proposal> Proposals) : Input;

    /// <summary>Find an index that a linearizable read must wait for; answered by <see cref="Answer.ReadReady"/> or <see cref="Answer.ReadRefused"/>.</summary>
    /// <param name="Contexts">Numbers of the caller's choosing, never used twice.</param>
    public sealed record Read(IReadOnlyList<ulong> Contexts) : Input;

    /// <summary>The write of this number, and all before it, are durable.</summary>
    public sealed record Persisted(ulong WriteNumber) : Input;

    /// <summary>A snapshot is durable; entries up to <paramref name="CompactTo"/> are no longer needed.</summary>
    public sealed record SnapshotTaken(SnapshotMark Snapshot, LogIndex CompactTo) : Input;

    /// <summary>Sending a snapshot to <paramref name="Peer"/> ended.</summary>
    public sealed record SnapshotSent(ReplicaId Peer, bool Delivered) : Input;

    /// <summary>The last sends to <paramref name="Peer"/> are known to be lost.</summary>
    public sealed record Unreachable(ReplicaId Peer) : Input;

    /// <summary>By the host's clock more ticks are due than were stepped: a pause, whose ticks will count as one. A leader's lease proves nothing any more.</summary>
    /// <remarks>Only for hosts that turn on <see cref="RaftOptions.LeaseReads"/>. The clock must be read after the reads of a batch arrived and before they
    /// are stepped, and this comes first in the batch: a lease that held then makes the answers right however long the process pauses afterwards.</remarks>
    public sealed record Late : Input;

    /// <summary>Hand leadership to <paramref name="Target"/>, a voter, once its log is complete; given up after an election timeout. Proposals are refused
    /// meanwhile. A request for somebody else takes the place of the one under way, one for the same target changes nothing.</summary>
    /// <remarks>Not answered: watch <see cref="RaftNode.TransferTarget"/> and who leads.</remarks>
    public sealed record Transfer(ReplicaId Target) : Input;

    /// <summary>Go over to another configuration: in one step when at most one voter comes or goes, else by way of a joint configuration, which whoever
    /// leads then leaves by itself.</summary>
    /// <remarks>Answered like a proposal. The change is through when the first configuration entry at or after the answered index that is not
    /// <see cref="Configuration.IsJoint"/> is handed out in <see cref="Effects.Committed"/>. It has failed when another entry comes at the answered index
    /// itself; once a joint configuration is committed it cannot fail any more.</remarks>
    /// <param name="Context">A number of the caller's choosing, handed back in the answer.</param>
    /// <param name="Next">The aim, without outgoing voters.</param>
    public sealed record ChangeConfiguration(ulong Context, Configuration Next) : Input;

    /// <summary>A follower stops protecting its leader, of whose end it has learnt some other way, and votes for whoever asks. Without effect when leases are on.</summary>
    public sealed record ForgetLeader : Input;

    /// <summary>Start an election now (a sole voter need not wait for a timeout).</summary>
    public sealed record Campaign : Input;
}

/// <param name="Context">A number of the caller's choosing, handed back in the answer.</param>
/// <param name="Data">Owned by the log from now on.</param>
public readonly record struct Proposal(ulong Context, ReadOnlyMemory<byte> Data);
