using System.Collections.Immutable;

namespace ControlPlane.Raft.Membership;

/// <summary>A member as the group knows it. The core uses the id; name and address travel with it so that every member can find the others.</summary>
/// <param name="Id">Never reused.</param>
/// <param name="Name">The operator's name for it.</param>
/// <param name="PeerAddress"><c>host:port</c>.</param>
public sealed record Member(ReplicaId Id, string Name, string PeerAddress)
{
    /// <summary>Names the disk that the member's log lies on; 0 while nobody has heard. A member that comes back with another one has lost what it promised.</summary>
    public ulong DiskId { get; init; }
}

/// <summary>Who votes and who only follows. Carried by log entries and snapshots.</summary>
/// <param name="Voters">Decide by majority.</param>
/// <param name="OutgoingVoters">Not empty while a joint change is under way: then a majority of these is needed as well.</param>
/// <param name="Learners">Receive the log and count in no majority. A voter on its way to learner is here and among the outgoing, and votes until the change is through.</param>
public sealed record Configuration(ImmutableArray<Member> Voters, ImmutableArray<Member> OutgoingVoters, ImmutableArray<Member> Learners)
{
    /// <summary>The ids of members that were removed, oldest first: they are never used again, and whoever comes with one is told so.</summary>
    public ImmutableArray<ReplicaId> Removed { get; init; } = [];

    /// <summary>What the oldest program in the group must understand. Raised when all members do, never lowered; 0 in groups older than this number.</summary>
    public int VersionFloor { get; init; }

    public static Configuration Of(IEnumerable<Member> voters) => new([.. voters.OrderBy(voter => voter.Id)], [], []);

    /// <summary>Everyone who receives the log, each once.</summary>
    public IEnumerable<Member> Members => Voters.Concat(OutgoingVoters).Concat(Learners).DistinctBy(member => member.Id);

    public bool IsVoter(ReplicaId id) => Voters.Any(voter => voter.Id == id) || OutgoingVoters.Any(voter => voter.Id == id);

    /// <summary>On the way between two sets of voters; whoever leads goes on to <see cref="Left"/> once this is committed.</summary>
    public bool IsJoint => !OutgoingVoters.IsEmpty;

    /// <summary>Where a joint configuration leads to.</summary>
    public Configuration Left => this with { OutgoingVoters = [] };

    /// <summary>Whether a change may aim at this: not joint itself, somebody votes, nobody appears twice or after having been removed.</summary>
    public bool IsTarget
    {
        get
        {
            var ids = Voters.Concat(Learners).Select(member => member.Id).ToList();
            return !IsJoint && !Voters.IsEmpty && ids.Distinct().Count() == ids.Count && ids.All(id => id.Value != 0 && !Removed.Contains(id));
        }
    }

    /// <summary>True when <paramref name="id"/> alone is a majority.</summary>
    public bool IsSoleVoter(ReplicaId id) => Voters.Length == 1 && Voters[0].Id == id && OutgoingVoters.All(voter => voter.Id == id);

    /// <summary>Whether any majority of this and any majority of <paramref name="next"/> must share a member: at most one voter comes or goes (thesis §4.1).</summary>
    public bool IsOneStepFrom(Configuration next)
    {
        if (!OutgoingVoters.IsEmpty || !next.OutgoingVoters.IsEmpty) return false;
        var present = Voters.Select(voter => voter.Id).ToHashSet();
        var future = next.Voters.Select(voter => voter.Id).ToHashSet();
        present.SymmetricExceptWith(future);
        return present.Count <= 1 && future.Count > 0;
    }
}
