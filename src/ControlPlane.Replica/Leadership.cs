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
public sealed record MemberStatus(MemberId Id, string Name, string PeerAddress, MemberRole Role, long? MatchIndex);
