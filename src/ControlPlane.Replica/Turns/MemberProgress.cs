namespace ControlPlane.Replica.Turns;

/// <summary>Where a member's log stands.</summary>
internal sealed record MemberProgress(long LastIndex, long CommitIndex, long AppliedIndex, bool IsLearner);
