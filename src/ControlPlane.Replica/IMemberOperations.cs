using ControlPlane.Store;

namespace ControlPlane.Replica;

/// <summary>What an operator asks of a member of the group, beside reading and writing. Any member takes any call; what only the leader can do is passed on to it.</summary>
public interface IMemberOperations
{
    /// <summary>How this member stands. One volatile read.</summary>
    MemberState State { get; }

    /// <summary>Adds a member that only follows, under an id that was never used before. Completes when the change is committed.</summary>
    /// <param name="name">The operator's name for it; unique in the group. Null while it is not known (etcd's clients learn it when the member starts).</param>
    /// <param name="peerAddress"><c>host:port</c> for the other members; unique in the group.</param>
    /// <exception cref="FormatException">The name or the address is not one; says what would be.</exception>
    Task<MembershipOutcome> AddLearnerAsync(string? name, string peerAddress, CancellationToken cancellationToken);

    /// <summary>Makes a learner a voter, once its log has caught up with the leader's.</summary>
    Task<MembershipOutcome> PromoteAsync(MemberId member, CancellationToken cancellationToken);

    /// <summary>Removes a member for ever; its id is never used again.</summary>
    Task<MembershipOutcome> RemoveAsync(MemberId member, CancellationToken cancellationToken);

    /// <summary>Tells the group where a member listens now.</summary>
    /// <exception cref="FormatException">The address is not one; says what would be.</exception>
    Task<MembershipOutcome> UpdateAddressAsync(MemberId member, string peerAddress, CancellationToken cancellationToken);

    /// <summary>Hands leadership to <paramref name="target"/>, or to the most advanced voter when null. Completes when another member leads.</summary>
    Task<MembershipOutcome> MoveLeaderAsync(MemberId? target, CancellationToken cancellationToken);

    /// <summary>Writes a snapshot of a state at least as new as every write acknowledged before the call, in the form that <c>snapshot restore</c> takes.</summary>
    /// <exception cref="StoreUnavailableException">No majority confirmed in time who leads; nothing was written.</exception>
    Task WriteSnapshotAsync(Stream destination, CancellationToken cancellationToken);
}

/// <summary>How a change of the group ended.</summary>
public abstract record MembershipOutcome
{
    /// <param name="Member">The member that was changed, as it is now (as it was, when removed).</param>
    public sealed record Done(MemberStatus Member) : MembershipOutcome;

    /// <summary>Nothing changed. <paramref name="Problem"/> is for programs, <paramref name="Reason"/> for people: what was wrong and what would be right.</summary>
    public sealed record Refused(MembershipProblem Problem, string Reason) : MembershipOutcome;

    /// <summary>It may or may not come to pass; list the members before trying again.</summary>
    public sealed record Unknown(string Reason) : MembershipOutcome;
}

public enum MembershipProblem
{
    NoLeader,
    NoSuchMember,
    AddressInUse,
    NameInUse,

    /// <summary>Another change is under way, or the leader has not committed an entry of its term yet.</summary>
    ChangeUnderWay,

    /// <summary>The learner has not caught up.</summary>
    LearnerNotReady,

    /// <summary>Only a learner can be promoted.</summary>
    NotALearner,

    /// <summary>One learner more than the group takes.</summary>
    TooManyLearners,

    /// <summary>Without that member the voters that are left could not form a majority, or none would be left.</summary>
    WouldLoseQuorum,

    /// <summary>The target of a transfer does not vote, cannot be reached, or did not take over in time.</summary>
    BadTransferee,
}

/// <summary>One member's own state, for its operator.</summary>
/// <param name="ClusterId">Equal on all members.</param>
/// <param name="Self">This member.</param>
/// <param name="Leadership">As <see cref="IReplicatedStore.Leadership"/>.</param>
/// <param name="LastIndex">End of this member's log.</param>
/// <param name="CommitIndex">Known to be committed.</param>
/// <param name="AppliedIndex">Applied to the store.</param>
/// <param name="IsLearner">True when this member does not vote.</param>
/// <param name="DiskSizeBytes">Log and snapshots together.</param>
/// <param name="LiveDataBytes">Keys and values of the newest revision.</param>
/// <param name="QuotaBytes">Live data beyond this is refused.</param>
/// <param name="Alarms">What is wrong in the group, one word each with the member: <c>no space</c>, <c>corrupt</c>. Empty when all is well.</param>
public sealed record MemberState(
    ulong ClusterId,
    MemberId Self,
    Leadership Leadership,
    long LastIndex,
    long CommitIndex,
    long AppliedIndex,
    bool IsLearner,
    long DiskSizeBytes,
    long LiveDataBytes,
    long QuotaBytes,
    IReadOnlyList<MemberAlarm> Alarms)
{
    /// <summary>The lowest version level that a member's program may have; raised when all members understand more, never lowered.</summary>
    public int VersionFloor { get; init; }

    /// <summary>All of the cluster's id, of which <see cref="ClusterId"/> is what fits other programs' numbers.</summary>
    public Guid Cluster { get; init; }
}

/// <param name="Member">Who raised it.</param>
public sealed record MemberAlarm(MemberId Member, AlarmKind Kind);
