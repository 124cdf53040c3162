using ControlPlane.Store.Commands;

namespace ControlPlane.Replica;

/// <summary>How a proposal ended.</summary>
public abstract record ProposalOutcome
{
    /// <summary>Durable on a majority and applied; <paramref name="Result"/> is the store's answer.</summary>
    public sealed record Committed(Result Result) : ProposalOutcome;

    /// <summary>Never entered the log: nobody leads, or the leader moved while the proposal was on its way. Safe to retry.</summary>
    public sealed record NotLeader(MemberId? Leader) : ProposalOutcome;

    /// <summary>Refused before it entered the log (too large, too much in flight). <paramref name="Reason"/> says what to do.</summary>
    public sealed record Rejected(string Reason) : ProposalOutcome;

    /// <summary>It may or may not be committed: leadership was lost, or time ran out, after it entered the log. Read before retrying.</summary>
    public sealed record Unknown(string Reason) : ProposalOutcome;
}
