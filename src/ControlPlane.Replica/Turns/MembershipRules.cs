using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Raft;
using ControlPlane.Raft.Membership;

namespace ControlPlane.Replica.Turns;

/// <summary>Which changes of the group are right, and what the group is after them. Values in, values out.</summary>
internal static class MembershipRules
{
    // Each one receives the whole log from the leader and none helps to commit.
    private const int LearnersMax = 4;

    public static MembershipDecision Decide(Configuration present, MembershipRequest request, IGroupFacts facts) => request switch
    {
        MembershipRequest.AddLearner(var name, var address) => Add(present, name ?? "", address, facts),
        MembershipRequest.Promote(var id) => With(present, id, member => Promote(present, member, facts)),
        MembershipRequest.Remove(var id) => With(present, id, member => Remove(present, member, facts)),
        MembershipRequest.UpdateAddress(var id, var address) => With(present, id, member => Update(present, member, address)),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request, null),
    };

    /// <summary>Whom leadership should go to, or why to nobody.</summary>
    public static MembershipDecision ChooseTransferee(Configuration present, ReplicaId? target, ReplicaId self, IGroupFacts facts)
    {
        if (target is { } wanted)
        {
            if (Find(present, wanted) is not { } member) return NoSuchMember(wanted);
            if (!present.IsVoter(wanted)) return Refuse(MembershipProblem.BadTransferee, $"{member.Label()} is a learner; promote it first");
            if (wanted != self && !facts.IsReachable(wanted)) return Refuse(MembershipProblem.BadTransferee, $"{member.Label()} cannot be reached");
            return new MembershipDecision.Change(present, member);
        }

        var best = present.Voters.Where(voter => voter.Id != self && facts.IsReachable(voter.Id)).MaxBy(voter => facts.MatchOf(voter.Id));
        return best is null
            ? Refuse(MembershipProblem.BadTransferee, "no other voter can be reached")
            : new MembershipDecision.Change(present, best);
    }

    /// <summary>What the group should write down about its members without being asked: their disks, names not known before, and the floor that all of them allow.
    /// The same configuration when there is nothing.</summary>
    public static Configuration WriteDown(Configuration present, IReadOnlyDictionary<ReplicaId, Introduction> introductions)
    {
        var next = Replace(present, member => introductions.TryGetValue(member.Id, out var introduced)
            ? member with
            {
                Name = member.Name.Length > 0 ? member.Name : FreeName(present, introduced.Name),
                DiskId = member.DiskId != 0 ? member.DiskId : introduced.DiskId,
            }
            : member);
        var floor = present.Members.Min(member => introductions.TryGetValue(member.Id, out var introduced) ? introduced.Level : 0);
        return floor > present.VersionFloor ? next with { VersionFloor = floor } : next;
    }

    public static Member? Find(Configuration configuration, ReplicaId id) => configuration.Members.FirstOrDefault(member => member.Id == id);

    private static MembershipDecision Add(Configuration present, string name, string address, IGroupFacts facts)
    {
        if (name.Length > 0 && present.Members.FirstOrDefault(member => member.Name == name) is { } namesake)
        {
            return Refuse(MembershipProblem.NameInUse, $"the name {name} belongs to member {namesake.Id} at {namesake.PeerAddress}; choose another, or remove that one first");
        }

        if (TakenBy(present, address) is { } holder) return AddressInUse(address, holder);
        if (present.Learners.Length >= LearnersMax)
        {
            return Refuse(MembershipProblem.TooManyLearners, $"there are {present.Learners.Length} learners already, the most is {LearnersMax}; promote or remove one first");
        }

        var added = new Member(FreshId(present, name, address, facts.NextEntry), name, address);
        return new MembershipDecision.Change(present with { Learners = [.. present.Learners, added] }, added);
    }

    private static MembershipDecision Promote(Configuration present, Member member, IGroupFacts facts)
    {
        if (present.IsVoter(member.Id)) return Refuse(MembershipProblem.NotALearner, $"{member.Label()} votes already");
        if (member.DiskId == 0 && facts.KnowsDisks) return Refuse(MembershipProblem.LearnerNotReady, $"{member.Label()} has not started yet");
        if (!facts.IsReachable(member.Id)) return Refuse(MembershipProblem.LearnerNotReady, $"{member.Label()} cannot be reached");
        if (!facts.HasCaughtUp(member.Id))
        {
            return Refuse(MembershipProblem.LearnerNotReady, $"{member.Label()} holds the log up to {facts.MatchOf(member.Id)} and is still catching up; try again when it has");
        }

        var next = present with
        {
            Voters = [.. present.Voters.Append(member).OrderBy(voter => voter.Id)],
            Learners = present.Learners.RemoveAll(learner => learner.Id == member.Id),
        };
        return new MembershipDecision.Change(next, member);
    }

    private static MembershipDecision Remove(Configuration present, Member member, IGroupFacts facts)
    {
        var next = present with
        {
            Voters = present.Voters.RemoveAll(voter => voter.Id == member.Id),
            Learners = present.Learners.RemoveAll(learner => learner.Id == member.Id),
            Removed = present.Removed.Add(member.Id),
        };
        if (next.Voters.Length == present.Voters.Length) return new MembershipDecision.Change(next, member);
        if (next.Voters.IsEmpty) return Refuse(MembershipProblem.WouldLoseQuorum, $"{member.Label()} is the last voter; add and promote another one first");
        var reachable = next.Voters.Count(voter => facts.IsReachable(voter.Id));
        var needed = next.Voters.Length / 2 + 1;
        if (reachable >= needed) return new MembershipDecision.Change(next, member);
        var silent = string.Join(", ", next.Voters.Where(voter => !facts.IsReachable(voter.Id)).Select(voter => voter.Label()));
        return Refuse(MembershipProblem.WouldLoseQuorum,
            $"without {member.Label()} there would be {next.Voters.Length} voters, of which {needed} must answer and {reachable} do ({silent} cannot be reached); remove those that are gone first");
    }

    private static MembershipDecision Update(Configuration present, Member member, string address)
    {
        if (TakenBy(present, address) is { } holder && holder.Id != member.Id) return AddressInUse(address, holder);
        var moved = member with { PeerAddress = address };
        return new MembershipDecision.Change(Replace(present, known => known.Id == member.Id ? moved : known), moved);
    }

    private static MembershipDecision With(Configuration present, ReplicaId id, Func<Member, MembershipDecision> decide)
    {
        if (present.Removed.Contains(id)) return Refuse(MembershipProblem.NoSuchMember, $"member {id} was removed; a removed member never comes back, add a new one");
        return Find(present, id) is { } member ? decide(member) : NoSuchMember(id);
    }

    private static Configuration Replace(Configuration configuration, Func<Member, Member> replace)
    {
        // The same arrays when nothing changed, so that records compare equal.
        ImmutableArray<Member> Each(ImmutableArray<Member> members)
        {
            ImmutableArray<Member> replaced = [.. members.Select(replace)];
            return replaced.SequenceEqual(members) ? members : replaced;
        }

        return configuration with { Voters = Each(configuration.Voters), OutgoingVoters = Each(configuration.OutgoingVoters), Learners = Each(configuration.Learners) };
    }

    private static string FreeName(Configuration present, string name) => present.Members.Any(member => member.Name == name) ? "" : name;

    private static Member? TakenBy(Configuration present, string address) => present.Members.FirstOrDefault(member => member.PeerAddress == address);

    /// <summary>Depends on the place in the log, so that two attempts differ; and the removed ids are asked, so that none comes back.</summary>
    private static ReplicaId FreshId(Configuration present, string name, string address, (Term Term, LogIndex Index) place)
    {
        for (var attempt = 0; ; attempt++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"controlplane member\n{place.Term}\n{place.Index}\n{name}\n{address}\n{attempt}"));
            // 63 bits, so that the id also fits the signed numbers of other programs; 0 is "nobody".
            var id = new ReplicaId(Math.Max(1, BinaryPrimitives.ReadUInt64BigEndian(hash) >> 1));
            if (Find(present, id) is null && !present.Removed.Contains(id)) return id;
        }
    }

    private static string Label(this Member member) => member.Name.Length > 0 ? member.Name : $"member {member.Id}";

    private static MembershipDecision AddressInUse(string address, Member holder) =>
        Refuse(MembershipProblem.AddressInUse, $"the peer address {address} belongs to {holder.Label()}; give another");

    private static MembershipDecision NoSuchMember(ReplicaId id) => Refuse(MembershipProblem.NoSuchMember, $"there is no member {id}; `controlplane member list` shows them");

    private static MembershipDecision Refuse(MembershipProblem problem, string reason) => new MembershipDecision.Refuse(problem, reason);
}

/// <summary>What a leader knows about its followers.</summary>
internal interface IGroupFacts
{
    /// <summary>Heard within the last election timeout; true of the leader itself.</summary>
    bool IsReachable(ReplicaId member);

    /// <summary>Its log holds what was committed one election timeout ago: it needs less than that to follow.</summary>
    bool HasCaughtUp(ReplicaId member);

    LogIndex MatchOf(ReplicaId member);

    /// <summary>Term and index of the entry that comes next.</summary>
    (Term Term, LogIndex Index) NextEntry { get; }

    /// <summary>False where members have no disks of their own (in the simulator).</summary>
    bool KnowsDisks { get; }
}

internal abstract record MembershipDecision
{
    /// <param name="Subject">The member it is about, as it will be.</param>
    public sealed record Change(Configuration Next, Member Subject) : MembershipDecision;

    public sealed record Refuse(MembershipProblem Problem, string Reason) : MembershipDecision;
}
