using System.Collections.Immutable;

namespace ControlPlane.Raft.Membership;

internal enum Verdict
{
    Open,
    Won,
    Lost,
}

/// <summary>Majorities. While a change is joint, both sets must agree.</summary>
internal static class Quorum
{
    /// <summary>The greatest value that a majority has reached.</summary>
    public static ulong Reached(Configuration configuration, Func<ReplicaId, ulong> valueOf)
    {
        var reached = Reached(configuration.Voters, valueOf);
        return configuration.OutgoingVoters.IsEmpty ? reached : Math.Min(reached, Reached(configuration.OutgoingVoters, valueOf));
    }

    /// <summary>How a vote stands; null is "has not answered".</summary>
    public static Verdict Decide(Configuration configuration, Func<ReplicaId, bool?> voteOf)
    {
        var verdict = Decide(configuration.Voters, voteOf);
        if (configuration.OutgoingVoters.IsEmpty) return verdict;
        var outgoing = Decide(configuration.OutgoingVoters, voteOf);
        if (verdict == Verdict.Lost || outgoing == Verdict.Lost) return Verdict.Lost;
        return verdict == Verdict.Won && outgoing == Verdict.Won ? Verdict.Won : Verdict.Open;
    }

    private static ulong Reached(ImmutableArray<Member> voters, Func<ReplicaId, ulong> valueOf)
    {
        // Every voter counts, answered or not: a median of the answers so far would commit on a minority.
        var values = new ulong[voters.Length];
        for (var i = 0; i < values.Length; i++) values[i] = valueOf(voters[i].Id);
        Array.Sort(values);
        var majorityCount = values.Length / 2 + 1;
        return values[values.Length - majorityCount];
    }

    private static Verdict Decide(ImmutableArray<Member> voters, Func<ReplicaId, bool?> voteOf)
    {
        var majorityCount = voters.Length / 2 + 1;
        var granted = 0;
        var refused = 0;
        foreach (var voter in voters)
        {
            var vote = voteOf(voter.Id);
            if (vote == true) granted++;
            if (vote == false) refused++;
        }

        if (granted >= majorityCount) return Verdict.Won;
        return refused > voters.Length - majorityCount ? Verdict.Lost : Verdict.Open;
    }
}
