using System.Text;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Tests.Raft.Scenarios;

/// <summary>How messages, entries and configurations are written in a scenario.</summary>
internal static class Transcript
{
    public static string Show(Message message) => message switch
    {
        PreVoteRequest m => $"pre-vote? term {m.Term}, last {m.LastTerm}/{m.LastIndex}",
        PreVoteResponse m => $"pre-vote {(m.Granted ? "granted" : "refused")}, term {m.Term}",
        VoteRequest m => $"vote? term {m.Term}, last {m.LastTerm}/{m.LastIndex}{(m.IsTransfer ? ", transfer" : "")}",
        VoteResponse m => $"vote {(m.Granted ? "granted" : "refused")}, term {m.Term}",
        Append m => $"append term {m.Term}, after {m.PreviousTerm}/{m.PreviousIndex} [{string.Join(' ', m.Entries.Select(entry => $"{entry.Term}:{Show(entry)}"))}] commit {m.Commit}",
        AppendAccepted m => $"accepted term {m.Term}, match {m.Match}",
        AppendRejected m => $"rejected term {m.Term}, at {m.Rejected}, hint {m.HintTerm}/{m.HintIndex}",
        Heartbeat m => $"heartbeat term {m.Term}, commit {m.Commit}, round {m.Round}",
        HeartbeatResponse m => $"heartbeat heard, term {m.Term}, round {m.Round}",
        InstallSnapshot m => $"snapshot term {m.Term}, at {m.Snapshot.Term}/{m.Snapshot.Index}",
        TimeoutNow m => $"take over, term {m.Term}",
        _ => message.ToString(),
    };

    public static string Show(Entry entry) => entry.Kind switch
    {
        EntryKind.NoOp => "-",
        EntryKind.Configuration => Show(entry.Configuration!),
        _ => Encoding.UTF8.GetString(entry.Data.Span),
    };

    // "voters(1 2 3)", "voters(1 2 3; learners 4)", and "joint(1 4 5 | 1 2 3)" with the outgoing voters second.
    public static string Show(Configuration configuration)
    {
        var learners = configuration.Learners.IsEmpty ? "" : $"; learners {Ids(configuration.Learners)}";
        return configuration.IsJoint
            ? $"joint({Ids(configuration.Voters)} | {Ids(configuration.OutgoingVoters)}{learners})"
            : $"voters({Ids(configuration.Voters)}{learners})";
    }

    private static string Ids(IEnumerable<Member> members) => string.Join(' ', members.Select(member => member.Id));
}
