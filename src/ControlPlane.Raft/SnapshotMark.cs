using ControlPlane.Raft.Membership;

namespace ControlPlane.Raft;

/// <summary>What a snapshot stands for: the state after <paramref name="Index"/>, and the configuration in force there. The state itself is the
/// driver's business; the core never sees it.</summary>
/// <param name="Index">The last entry the snapshot includes; 0 for the empty state a group starts from.</param>
/// <param name="Term">That entry's term.</param>
/// <param name="Configuration">In force at <paramref name="Index"/>; without it a member restored from a snapshot would not know its peers.</param>
public sealed record SnapshotMark(LogIndex Index, Term Term, Configuration Configuration);
