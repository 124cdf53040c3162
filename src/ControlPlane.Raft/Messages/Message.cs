using ControlPlane.Raft.Entries;

namespace ControlPlane.Raft.Messages;

/// <summary>What members say to each other. May be lost, delayed, repeated and reordered.</summary>
/// <param name="From">The sender.</param>
/// <param name="To">The receiver.</param>
/// <param name="Term">The sender's term; for a pre-vote and its grant, the term that would come next.</param>
public abstract record Message(ReplicaId From, ReplicaId To, Term Term);

/// <summary>"Would you vote for me?" Binds nobody and raises no term, so that a member that was away cannot depose a working leader.</summary>
public sealed record PreVoteRequest(ReplicaId From, ReplicaId To, Term Term, LogIndex LastIndex, Term LastTerm) : Message(From, To, Term);

/// <inheritdoc cref="PreVoteRequest"/>
public sealed record PreVoteResponse(ReplicaId From, ReplicaId To, Term Term, bool Granted) : Message(From, To, Term);

/// <param name="IsTransfer">The leader asked for this election, so that its followers need not protect it.</param>
public sealed record VoteRequest(ReplicaId From, ReplicaId To, Term Term, LogIndex LastIndex, Term LastTerm, bool IsTransfer) : Message(From, To, Term);

/// <summary>Sent only when the vote is durable.</summary>
public sealed record VoteResponse(ReplicaId From, ReplicaId To, Term Term, bool Granted) : Message(From, To, Term);

/// <summary>Entries after <paramref name="PreviousIndex"/>; without entries it probes or conveys the commit index.</summary>
/// <param name="PreviousIndex">The entry before the first of <paramref name="Entries"/>.</param>
/// <param name="PreviousTerm">Its term; the receiver refuses when its own entry there differs.</param>
/// <param name="Entries">Consecutive from <paramref name="PreviousIndex"/> + 1.</param>
/// <param name="Commit">The leader's commit index; may lie beyond the entries.</param>
public sealed record Append(ReplicaId From, ReplicaId To, Term Term, LogIndex PreviousIndex, Term PreviousTerm, IReadOnlyList<Entry> Entries, LogIndex Commit)
    : Message(From, To, Term);

/// <summary>The sender's log equals the leader's up to <paramref name="Match"/>, durably.</summary>
public sealed record AppendAccepted(ReplicaId From, ReplicaId To, Term Term, LogIndex Match) : Message(From, To, Term);

/// <summary>The entry at <paramref name="Rejected"/> is missing or different.</summary>
/// <param name="Rejected">The <see cref="Append.PreviousIndex"/> that was refused.</param>
/// <param name="HintIndex">No agreement is possible above this index of the sender's log.</param>
/// <param name="HintTerm">The term there.</param>
public sealed record AppendRejected(ReplicaId From, ReplicaId To, Term Term, LogIndex Rejected, LogIndex HintIndex, Term HintTerm) : Message(From, To, Term);

/// <summary>Keeps followers loyal and counts a read round.</summary>
/// <param name="Commit">The leader's commit index, at most what the receiver is known to hold.</param>
/// <param name="Round">The newest read round; echoed by the answer, which so confirms leadership after the round began.</param>
public sealed record Heartbeat(ReplicaId From, ReplicaId To, Term Term, LogIndex Commit, ulong Round) : Message(From, To, Term);

/// <inheritdoc cref="Heartbeat"/>
public sealed record HeartbeatResponse(ReplicaId From, ReplicaId To, Term Term, ulong Round) : Message(From, To, Term);

/// <summary>The receiver's log is too far behind: take this snapshot. The driver sends the state beside it and delivers the message once the state is complete.</summary>
public sealed record InstallSnapshot(ReplicaId From, ReplicaId To, Term Term, SnapshotMark Snapshot) : Message(From, To, Term);

/// <summary>The leader hands over: campaign now.</summary>
public sealed record TimeoutNow(ReplicaId From, ReplicaId To, Term Term) : Message(From, To, Term);
