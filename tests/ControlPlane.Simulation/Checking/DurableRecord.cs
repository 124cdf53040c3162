using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Simulation.Checking;

/// <summary>What one member's disk surely holds, told from outside: what was synced, or found at a start; and what was written after that.</summary>
internal sealed class DurableRecord
{
    private readonly List<Term> _terms = [];
    private readonly Queue<LogWrite> _pending = new();
    private readonly List<SnapshotMark> _received = [];
    private LogIndex _snapshot;

    public HardState HardState { get; private set; }

    public LogIndex Last => new(_snapshot.Value + (ulong)_terms.Count);

    public void Written(LogWrite write) => _pending.Enqueue(write);

    /// <summary>A snapshot of a peer lies on the shelf: a start may begin with it.</summary>
    public void Received(SnapshotMark mark) => _received.Add(mark);

    /// <summary>The oldest write without a sync has it now.</summary>
    public void Synced()
    {
        foreach (var apply in StepsOf(_pending.Dequeue())) apply();
    }

    public bool Holds(LogIndex index, Term term) => index <= _snapshot || TermAt(index) == term;

    /// <summary>Null beyond the end and within the snapshot.</summary>
    public Term? TermAt(LogIndex index) =>
        index > _snapshot && index <= Last ? _terms[(int)(index.Value - _snapshot.Value) - 1] : null;

    /// <summary>Whether a vote given in <paramref name="term"/> can not be given again to somebody else.</summary>
    public bool IsBound(Term term, ReplicaId vote) => HardState.Term > term || (HardState.Term == term && HardState.Vote == vote);

    /// <summary>A start has read the disk and synced what it read. It found everything that was synced, and of what was written later some first part.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Found(RaftNode node)
    {
        var problem = Compare(node);
        Become(node);
        return problem;
    }

    /// <summary>The member begins anew, on an empty disk or under an operator's eyes.</summary>
    public void Become(RaftNode node)
    {
        _pending.Clear();
        _received.Clear();
        HardState = node.HardState;
        _snapshot = node.CompactedTo;
        _terms.Clear();
        for (var index = node.CompactedTo.Next; index <= node.LastIndex; index = index.Next) _terms.Add(node.TermAt(index)!.Value);
    }

    private string? Compare(RaftNode node)
    {
        var expected = Describe();
        var synced = HardState;
        if (IsLike(node)) return null;
        foreach (var write in _pending)
        {
            foreach (var apply in StepsOf(write))
            {
                apply();
                if (IsLike(node)) return null;
            }
        }

        // A received snapshot was complete, and the log was not yet reset to it: the start does that.
        var isJoined = node.LastIndex == node.Snapshot.Index && _received.Any(mark => mark.Index == node.Snapshot.Index && mark.Term == node.Snapshot.Term)
            && node.HardState.Term >= synced.Term;
        return isJoined ? null : $"it had {expected} and {_pending.Count} writes after that; it found {node.HardState}, log {node.CompactedTo}..{node.LastIndex}, last term {node.TermAt(node.LastIndex)}";
    }

    private bool IsLike(RaftNode node)
    {
        if (node.LastIndex != Last || node.HardState != HardState) return false;
        for (var index = node.CompactedTo.Next; index <= Last; index = index.Next)
        {
            if (index > _snapshot && TermAt(index) != node.TermAt(index)) return false;
        }

        return true;
    }

    /// <summary>One step for each record that the write puts into the log.</summary>
    private IEnumerable<Action> StepsOf(LogWrite write)
    {
        if (write.Install is { } install)
        {
            // One record resets the log, the next brings the hard state.
            yield return () => ResetTo(install.Message.Snapshot.Index);
        }

        if (write.HardState is { } hardState) yield return () => HardState = hardState;
        foreach (var entry in write.Entries) yield return () => Put(entry);
    }

    private void ResetTo(LogIndex index)
    {
        _terms.Clear();
        _snapshot = index;
    }

    private void Put(Entry entry)
    {
        var at = (int)(entry.Index.Value - _snapshot.Value) - 1;
        if (at < 0)
        {
            // Written before a snapshot that took its place became known here.
            return;
        }

        _terms.RemoveRange(at, _terms.Count - at);
        _terms.Add(entry.Term);
    }

    private string Describe() => $"{HardState}, log {_snapshot}..{Last}, last term {TermAt(Last)}";
}
