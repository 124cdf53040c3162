namespace ControlPlane.Replica;

/// <summary>Who leads the group, as one member knows.</summary>
/// <param name="Self">The member that answers.</param>
/// <param name="Leader">Null while nobody is known to lead.</param>
/// <param name="Term">The term this knowledge belongs to.</param>
/// <param name="IsReady">True on a leader that has committed an entry of its own term, so that its state is complete.</param>
public sealed record Leadership(MemberId Self, MemberId? Leader, long Term, bool IsReady)
{
    public bool IsLeader => Leader == Self;
}

public enum MemberRole
{
    Leader,
    Follower,
    Learner,
}

/// <param name="Id">The member's identity, never reused.</param>
/// <param name="Name">The operator's name for it, such as <c>s1</c>.</param>
/// <param name="PeerAddress"><c>host:port</c> for the other members.</param>
/// <param name="Role">As this member knows it.</param>
/// <param name="MatchIndex">How far the member's log is known to agree; only the leader knows, else null.</param>
public sealed record MemberStatus(MemberId Id, string Name, string PeerAddress, MemberRole Role, long? MatchIndex)
{
    /// <summary>Ticks since this member last heard from it; counted from this member's start when it never did.</summary>
    public long SilentTicks { get; init; }

    /// <summary>Since when this member has not heard from it; null while it does.</summary>
    public DateTimeOffset? UnreachableSince { get; init; }

    /// <summary>False for a member that was added and has never been heard of.</summary>
    public bool HasStarted { get; init; } = true;

    /// <summary>What its program understands, as it said itself; null when it has not called since this member started.</summary>
    public int? VersionLevel { get; init; }
}
