using System.Text;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Messages;
using ControlPlane.Store;

namespace ControlPlane.Simulation.Clusters;

/// <summary>A promise was broken.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise);

/// <summary>What must be true after every step, told from outside: the checkers know everything that ever happened to any member.</summary>
internal sealed class Checkers(SimulatedCluster cluster)
{
    private readonly Dictionary<Term, ReplicaId> _leaders = [];
    private readonly Dictionary<(LogIndex, Term), (Term PreviousTerm, string Data)> _entries = [];
    private readonly List<Term> _committed = [Term.Zero];
    private readonly Dictionary<Revision, ulong> _hashes = [];
    private readonly Dictionary<object, LogIndex> _checkedTo = [];
    private readonly Dictionary<(ReplicaId Voter, Term Term), ReplicaId> _votes = [];

    /// <summary>The highest revision that any completed operation has shown to a client.</summary>
    public Revision Seen { get; private set; }

    public static void That(bool isKept, string promise)
    {
        if (!isKept) throw new BrokenPromiseException(promise);
    }

    public void AfterTurn(SimulatedMember member, SimulatedMember.Process process)
    {
        var node = process.Core.Node;
        if (node.Role == Role.Leader)
        {
            That(_leaders.TryAdd(node.Term, node.Self) || _leaders[node.Term] == node.Self, $"one leader a term: term {node.Term} has two");
        }

        That(node.Snapshot.Index <= node.Applied, $"{member.Name}: snapshot ≤ applied");
        That(node.Applied <= node.Commit, $"{member.Name}: applied ≤ commit");
        That(node.Commit <= node.LastIndex, $"{member.Name}: commit ≤ last");
        That(node.Durable <= node.LastIndex, $"{member.Name}: durable ≤ last");
        That(node.Applied <= node.Durable, $"{member.Name}: applied ≤ durable");
        CheckCommitted(member, process, node);
    }

    /// <summary>A vote leaves a member: it is on the disk, and it is the only one of the member's lives in this term (Raft §5.2).</summary>
    public void Voted(SimulatedMember member, VoteResponse vote)
    {
        That(member.Durable.IsBound(vote.Term, vote.To), $"{member.Name} votes in term {vote.Term} before the vote is on its disk");
        That(_votes.TryAdd((vote.From, vote.Term), vote.To) || _votes[(vote.From, vote.Term)] == vote.To, $"{member.Name} votes twice in term {vote.Term}");
    }

    /// <summary>Entries that one member writes: whoever has an entry of this index and term has this one, after the same one (Raft §5.3).</summary>
    public void Appended(IReadOnlyList<Entry> entries)
    {
        Term? previous = null;
        foreach (var entry in entries)
        {
            var data = $"{entry.Kind} {Convert.ToHexString(entry.Data.Span)}";
            if (_entries.TryGetValue((entry.Index, entry.Term), out var known))
            {
                That(known.Data == data, $"logs match: two entries are called {entry}");
                That(previous is null || known.PreviousTerm == Term.Zero || known.PreviousTerm == previous, $"logs match: {entry} follows two different entries");
            }
            else
            {
                _entries.Add((entry.Index, entry.Term), (previous ?? Term.Zero, data));
            }

            previous = entry.Term;
        }
    }

    /// <summary>Members at the same revision have the same state.</summary>
    public void Published(SimulatedMember member, StoreView view)
    {
        if (_hashes.TryAdd(view.Revision, view.StateHash)) return;
        That(_hashes[view.Revision] == view.StateHash, $"{member.Name}: another state at revision {view.Revision}");
    }

    /// <summary>An operation ended with a revision. It must not be older than what had ended before it began: that, and equal states at equal
    /// revisions, is linearizability of the whole store.</summary>
    public void Completed(string operation, Revision revision, Revision seenAtStart, bool isWrite)
    {
        That(isWrite ? revision > seenAtStart : revision >= seenAtStart, $"linearizable: {operation} ended at revision {revision}, but {seenAtStart} was seen before it began");
        if (revision > Seen) Seen = revision;
    }

    public string Describe() => new StringBuilder()
        .Append($"{_committed.Count - 1} entries committed, {_leaders.Count} terms had a leader, revision {Seen} seen")
        .ToString();

    private void CheckMajority(LogIndex index, Term term)
    {
        var holders = cluster.Members.Count(member => member.Durable.Holds(index, term));
        That(holders * 2 > cluster.Members.Count, $"committed entries are on a majority of disks: {term}/{index} is on {holders} of {cluster.Members.Count}");
    }

    private void CheckCommitted(SimulatedMember member, SimulatedMember.Process process, RaftNode node)
    {
        var from = _checkedTo.GetValueOrDefault(process, node.CompactedTo);
        if (from < node.CompactedTo) from = node.CompactedTo;
        for (var index = from.Next; index <= node.Commit; index = index.Next)
        {
            var term = node.TermAt(index)!.Value;
            while (_committed.Count <= (int)index.Value) _committed.Add(Term.Zero);
            if (_committed[(int)index.Value] == Term.Zero) _committed[(int)index.Value] = term;
            if (node.Role == Role.Leader) CheckMajority(index, term);
            That(_committed[(int)index.Value] == term, $"committed entries never change: {member.Name} commits {term}/{index}, it was {_committed[(int)index.Value]}/{index}");
        }

        That(node.Commit >= from, $"{member.Name}: the commit index went back");
        _checkedTo[process] = node.Commit;
    }
}
