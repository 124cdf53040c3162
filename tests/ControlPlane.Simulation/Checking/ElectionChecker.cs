using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Checking;

/// <summary>One leader a term, one vote a term, votes on disk before they are given, leaders that have everything committed, and leaders that stop when
/// no majority is heard.</summary>
internal sealed class ElectionChecker(SimulatedCluster cluster, LogChecker logs)
{
    // The first elections may collide; after this the group has its leader.
    private const long SettledMicroseconds = 6_000_000;

    // Election timeouts of silence that a leader may sit through: it looks once a timeout, and what it heard last may lie just behind the look before.
    private const int SilentTimeoutsMax = 3;

    private readonly Dictionary<Term, ReplicaId> _leaders = [];
    private readonly Dictionary<(ReplicaId Voter, Term Term), ReplicaId> _votes = [];

    public int LeaderCount => _leaders.Count;

    public void AfterTurn(SimulatedMember member, SimulatedProcess process)
    {
        var node = process.Core.Node;
        if (node.Role != Role.Leader || process.CheckedReign == node.Term) return;
        process.CheckedReign = node.Term;
        Promise.That(_leaders.TryAdd(node.Term, node.Self) || _leaders[node.Term] == node.Self, $"one leader a term: term {node.Term} has two");
        Promise.That(
            !cluster.Plan.IsStable || cluster.Nemesis.IsCalm || cluster.Schedule.Now < SettledMicroseconds || _leaders.Count == 1,
            member, static m => $"a follower that comes back deposes nobody: {m.Name} leads although the leader was never cut off");
        logs.RequireComplete(member, node);
    }

    /// <summary>A vote leaves a member: it is on the disk, and it is the only one of the member's lives in this term (Raft §5.2).</summary>
    public void Voted(SimulatedMember member, VoteResponse vote)
    {
        Promise.That(member.Durable.IsBound(vote.Term, vote.To), $"{member.Name} votes in term {vote.Term} before the vote is on its disk");
        Promise.That(_votes.TryAdd((vote.From, vote.Term), vote.To) || _votes[(vote.From, vote.Term)] == vote.To, $"{member.Name} votes twice in term {vote.Term}");
    }

    /// <summary>A candidacy leaves a member: its term and its vote for itself are on the disk.</summary>
    public void Campaigned(SimulatedMember member, VoteRequest request)
    {
        Promise.That(member.Durable.IsBound(request.Term, request.From), $"{member.Name} campaigns in term {request.Term} before that is on its disk");
        Promise.That(_votes.TryAdd((request.From, request.Term), request.From) || _votes[(request.From, request.Term)] == request.From,
            $"{member.Name} votes for itself in term {request.Term}, in which it voted for somebody else");
    }

    /// <summary>A leader that hears no majority steps down, so that its clients look elsewhere (check-quorum).</summary>
    public static void AfterTick(SimulatedMember member, SimulatedProcess process)
    {
        var node = process.Core.Node;
        if (node.Role != Role.Leader) return;
        var since = process.Ticks - SilentTimeoutsMax * SimulatedMember.ElectionTicks;
        if (process.LedSinceTick > since) return;
        var configuration = node.Configuration;
        Promise.That(
            HearsMajority(configuration.Voters) && (configuration.OutgoingVoters.IsEmpty || HearsMajority(configuration.OutgoingVoters)),
            $"{member.Name} leads term {node.Term} although it has heard no majority for {SilentTimeoutsMax} election timeouts");

        bool HearsMajority(IReadOnlyCollection<Member> voters) =>
            voters.Count(voter => voter.Id == node.Self || process.HeardAtTick.GetValueOrDefault(voter.Id, -1) >= since) * 2 > voters.Count;
    }
}
