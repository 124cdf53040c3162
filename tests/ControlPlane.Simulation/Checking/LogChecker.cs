using System.Collections.Immutable;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Clusters;
using ControlPlane.Simulation.Worlds;

namespace ControlPlane.Simulation.Checking;

/// <summary>Logs match; what is committed is on a majority of disks, is never given up and never changes; what is acknowledged is on the disk; nothing is
/// applied that is not committed.</summary>
internal sealed class LogChecker(SimulatedCluster cluster)
{
    private readonly Dictionary<(LogIndex, Term), (Term PreviousTerm, ulong Print)> _entries = [];
    private readonly List<Term> _committed = [Term.Zero];

    public int CommittedCount => _committed.Count - 1;

    public void AfterTurn(SimulatedMember member, SimulatedProcess process)
    {
        var node = process.Core.Node;
        Promise.That(node.Snapshot.Index <= node.Applied, member, static m => $"{m.Name}: snapshot ≤ applied");
        Promise.That(node.Applied <= node.Commit, member, static m => $"{m.Name}: applied ≤ commit");
        Promise.That(node.Commit <= node.LastIndex, member, static m => $"{m.Name}: commit ≤ last");
        Promise.That(node.Durable <= node.LastIndex, member, static m => $"{m.Name}: durable ≤ last");
        Promise.That(node.Applied <= node.Durable, member, static m => $"{m.Name}: applied ≤ durable");
        Promise.That(node.CompactedTo <= node.Snapshot.Index, member, static m => $"{m.Name}: only what a snapshot holds is compacted");
        if (node.Commit == process.CheckedCommit)
        {
            process.CheckedConfiguration = node.Configuration;
            return;
        }

        // Earlier terms' entries are committed by what follows them only (Raft §5.4.2, figure 8).
        Promise.That(
            node.Role != Role.Leader || process.CheckedReign != node.Term || node.TermAt(node.Commit) == node.Term,
            member, static m => $"{m.Name} commits an entry of an earlier term by counting its copies");
        Promise.That(node.Commit > process.CheckedCommit, member, static m => $"{m.Name}: the commit index went back");
        var from = process.CheckedCommit > node.CompactedTo ? process.CheckedCommit : node.CompactedTo;
        for (var index = from.Next; index <= node.Commit; index = index.Next)
        {
            var term = node.TermAt(index)!.Value;
            while (_committed.Count <= (int)index.Value) _committed.Add(Term.Zero);
            if (_committed[(int)index.Value] == Term.Zero) _committed[(int)index.Value] = term;
            if (node.Role == Role.Leader) CheckMajority(process, index, term);
            Promise.That(_committed[(int)index.Value] == term, $"committed entries never change: {member.Name} commits {term}/{index}, it was {_committed[(int)index.Value]}/{index}");
        }

        process.CheckedCommit = node.Commit;
        process.CheckedConfiguration = node.Configuration;
    }

    /// <summary>Entries that one member writes: whoever has an entry of this index and term has this one, after the same one (Raft §5.3); and what they
    /// replace was not committed.</summary>
    public void Written(SimulatedMember member, LogWrite write)
    {
        Term? previous = null;
        foreach (var entry in write.Entries)
        {
            if (_entries.TryGetValue((entry.Index, entry.Term), out var known))
            {
                Promise.That(known.Print == PrintOf(entry), entry, static e => $"logs match: two entries are called {e}");
                Promise.That(previous is null || known.PreviousTerm == Term.Zero || known.PreviousTerm == previous, entry, static e => $"logs match: {e} follows two different entries");
            }
            else
            {
                _entries.Add((entry.Index, entry.Term), (previous ?? Term.Zero, PrintOf(entry)));
            }

            previous = entry.Term;
        }

        if (write.Install is not null || write.Entries.Count == 0) return;
        RequireKept(member, write.Entries);
    }

    /// <summary>"I have what you have up to here" leaves a member: it is on its disk, and it is what the leader has (Raft §5.3).</summary>
    public void Accepted(SimulatedMember member, SimulatedProcess process, AppendAccepted accepted)
    {
        if (process.Core.Node.TermAt(accepted.Match) is not { } term || accepted.Match <= process.Core.Node.CompactedTo) return;
        Promise.That(member.Durable.Holds(accepted.Match, term), (member, term, accepted), static it => $"{it.member.Name} acknowledges {it.term}/{it.accepted.Match} before it is on its disk");
        // A leader's log only grows, so that one that still leads the term can be looked at now.
        if (cluster.Find(accepted.To)?.Running?.Core.Node is not { Role: Role.Leader } leader || leader.Term != accepted.Term || accepted.Match < leader.CompactedTo) return;
        Promise.That(leader.TermAt(accepted.Match) == term, (member, term, accepted), static it => $"{it.member.Name} acknowledges {it.term}/{it.accepted.Match}, which its leader does not have");
    }

    /// <summary>Whoever leads has every entry that was committed before (leader completeness, Raft §5.4).</summary>
    public void RequireComplete(SimulatedMember member, RaftNode node)
    {
        for (var index = node.CompactedTo.Next; index.Value < (ulong)_committed.Count; index = index.Next)
        {
            var term = _committed[(int)index.Value];
            Promise.That(term == Term.Zero || node.TermAt(index) == term, $"leaders are complete: {member.Name} leads term {node.Term} without {term}/{index}");
        }
    }

    /// <summary>A start gives back every committed entry that the disk had.</summary>
    public bool IsCommitted(LogIndex index, Term term) => index.Value < (ulong)_committed.Count && _committed[(int)index.Value] == term;

    private void RequireKept(SimulatedMember member, IReadOnlyList<Entry> entries)
    {
        var first = entries[0].Index;
        for (var index = first; index <= member.Durable.Last; index = index.Next)
        {
            if (member.Durable.TermAt(index) is not { } term || !IsCommitted(index, term)) continue;
            var offset = (int)(index.Value - first.Value);
            Promise.That(
                offset < entries.Count && entries[offset].Term == term,
                $"committed entries stay: {member.Name} cuts its log at {first}, and with it {term}/{index}");
        }
    }

    private void CheckMajority(SimulatedProcess process, LogIndex index, Term term)
    {
        // The turn may have committed first and changed the group then.
        var configuration = process.Core.Node.Configuration;
        if (IsOnMajority(configuration, index, term) || IsOnMajority(process.CheckedConfiguration, index, term)) return;
        throw new BrokenPromiseException(
            $"committed entries are on a majority of disks: {term}/{index} is on {configuration.Voters.Count(voter => Holds(voter, index, term))} of {configuration.Voters.Length}");
    }

    private bool IsOnMajority(Configuration configuration, LogIndex index, Term term) =>
        IsOnMajority(configuration.Voters, index, term) && (configuration.OutgoingVoters.IsEmpty || IsOnMajority(configuration.OutgoingVoters, index, term));

    private bool IsOnMajority(ImmutableArray<Member> voters, LogIndex index, Term term)
    {
        var holders = 0;
        foreach (var voter in voters)
        {
            if (Holds(voter, index, term)) holders++;
        }

        return holders * 2 > voters.Length;
    }

    private bool Holds(Member voter, LogIndex index, Term term) => cluster.Find(voter.Id)?.Durable.Holds(index, term) == true;

    private static ulong PrintOf(Entry entry)
    {
        var print = default(Fingerprint);
        print.Add((ulong)entry.Kind);
        print.Add(entry.Data.Span);
        if (entry.Configuration is { } configuration)
        {
            foreach (var member in configuration.Voters) print.Add(member.Id.Value);
            foreach (var member in configuration.OutgoingVoters) print.Add(~member.Id.Value);
            foreach (var member in configuration.Learners) print.Add(member.Id.Value * 3);
        }

        return print.Value;
    }
}
