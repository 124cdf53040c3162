using ControlPlane.Raft;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Replica.Turns;

/// <summary>What members say to each other: the core's messages, and what followers ask of their leader. May be lost, delayed, repeated and reordered.</summary>
internal abstract record PeerMessage(ReplicaId From, ReplicaId To)
{
    public sealed record Consensus(Message Message) : PeerMessage(Message.From, Message.To);

    /// <summary>Proposals of the sender's callers, encoded with their <see cref="RequestId"/>s. Not answered when accepted: the sender sees them applied.</summary>
    public sealed record Forward(ReplicaId From, ReplicaId To, IReadOnlyList<ForwardedProposal> Proposals) : PeerMessage(From, To);

    /// <summary>These were not taken; they may be sent again.</summary>
    public sealed record ForwardRefused(ReplicaId From, ReplicaId To, ulong Incarnation, IReadOnlyList<ulong> Sequences) : PeerMessage(From, To);

    /// <summary>Which index must a linearizable read wait for? <paramref name="Ask"/> is never used twice by the sender.</summary>
    public sealed record AskRead(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask) : PeerMessage(From, To);

    /// <param name="Index">Null when the receiver could not confirm that it leads.</param>
    public sealed record AnswerRead(ReplicaId From, ReplicaId To, ulong Incarnation, ulong Ask, LogIndex? Index) : PeerMessage(From, To);
}

/// <param name="Sequence">Of the request, so that a refusal can name it without decoding.</param>
/// <param name="Data">The entry's payload: request id and command.</param>
internal readonly record struct ForwardedProposal(ulong Incarnation, ulong Sequence, ReadOnlyMemory<byte> Data);
