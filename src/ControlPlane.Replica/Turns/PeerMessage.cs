using ControlPlane.Raft;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Replica.Turns;

/// <summary>What members say to each other: the core's messages, and what followers ask of their leader. May be lost, delayed, repeated and reordered.</summary>
internal abstract record PeerMessage(ReplicaId From, ReplicaId To)
{
    public sealed record Consensus(Message Message) : PeerMessage(Message.From, Message.To);

    /// <summary>Proposals of the sender's callers. Not answered when accepted: the sender sees them applied.</summary>
    /// <param name="Sequences">Of the proposals, so that a refusal can name them without decoding.</param>
    /// <param name="Payload">Of the entry they are to become.</param>
    public sealed record Forward(ReplicaId From, ReplicaId To, ulong Incarnation, IReadOnlyList<ulong> Sequences, ReadOnlyMemory<byte> Payload) : PeerMessage(From, To);

    /// <summary>These were not taken; they may be sent again.</summary>
    public sealed record ForwardRefused(ReplicaId From, ReplicaId To, ulong Incarnation, IReadOnlyList<ulong> Sequences) : PeerMessage(From, To);

    /// <summary>Which index must a linearizable read wait for? <paramref name="Ask"/> is never used twice by the sender.</summary>
    public sealed record AskRead(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask) : PeerMessage(From, To);

    /// <param name="Index">Null when the receiver could not confirm that it leads.</param>
    public sealed record AnswerRead(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask, LogIndex? Index) : PeerMessage(From, To);

    /// <summary>An operator at the sender wants this; only the leader can do it. <paramref name="Ask"/> is never used twice by the sender.</summary>
    public sealed record AskChange(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask, MembershipRequest Request) : PeerMessage(From, To);

    /// <param name="Outcome">Null when the receiver does not lead and did nothing.</param>
    public sealed record AnswerChange(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask, MembershipOutcome? Outcome) : PeerMessage(From, To);

    /// <summary>"I am here": sent where nothing else was for a while, so that silence means something.</summary>
    public sealed record Ping(ReplicaId From, ReplicaId To) : PeerMessage(From, To);

    /// <summary>The sender leads and its disk is full; empty: there is room again. Repeated while it lasts.</summary>
    public sealed record DiskFull(ReplicaId From, ReplicaId To, string Problem) : PeerMessage(From, To);

    /// <summary>The hash of your state after this entry?</summary>
    public sealed record AskHash(ReplicaId From, ReplicaId To, LogIndex Index) : PeerMessage(From, To);

    public sealed record AnswerHash(ReplicaId From, ReplicaId To, LogIndex Index, ulong Hash) : PeerMessage(From, To);

    /// <summary>A majority has this hash after the entry, and the receiver has told another.</summary>
    public sealed record HashDiffers(ReplicaId From, ReplicaId To, LogIndex Index, ulong Hash) : PeerMessage(From, To);
}
