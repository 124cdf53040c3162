using ControlPlane.Raft;
using ControlPlane.Raft.Membership;

namespace ControlPlane.Replica.Turns;

/// <summary>A wish of an operator that has no outcome yet.</summary>
/// <param name="request">Null for what the leader writes down without being asked.</param>
internal sealed class OpenChange(MembershipRequest? request, Action<MembershipOutcome> complete, long deadlineTick)
{
    public MembershipRequest? Request { get; } = request;

    public Action<MembershipOutcome> Complete { get; } = complete;

    public long DeadlineTick { get; } = deadlineTick;

    /// <summary>Whom it was handed to, in a message that may be lost; null while it waits here.</summary>
    public ReplicaId? AskedOf { get; set; }

    public long AskedAtTick { get; set; }

    /// <summary>Where it stands in the log, once it does.</summary>
    public (Term Term, LogIndex Index)? Place { get; set; }

    /// <summary>Whom it is about.</summary>
    public Member? Subject { get; set; }
}
