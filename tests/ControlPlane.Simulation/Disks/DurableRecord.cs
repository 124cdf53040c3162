using ControlPlane.Raft;
using ControlPlane.Replica.Turns;

namespace ControlPlane.Simulation.Disks;

/// <summary>What one member's disk surely holds, told from outside: what was synced, or found at a start.</summary>
internal sealed class DurableRecord
{
    private readonly Dictionary<LogIndex, Term> _terms = [];
    private LogIndex _snapshot;
    private LogIndex _last;
    private HardState _hardState;

    /// <summary>A start has read the disk and synced what it read.</summary>
    public void Found(RaftNode node)
    {
        _hardState = node.HardState;
        _snapshot = node.Snapshot.Index;
        _terms.Clear();
        for (var index = node.CompactedTo.Next; index <= node.LastIndex; index = index.Next) _terms[index] = node.TermAt(index)!.Value;
        _last = node.LastIndex;
    }

    public void Synced(LogWrite write)
    {
        if (write.HardState is { } hardState) _hardState = hardState;
        if (write.Install is { } install)
        {
            _terms.Clear();
            _snapshot = _last = install.Message.Snapshot.Index;
        }

        foreach (var entry in write.Entries)
        {
            for (var index = entry.Index.Next; index <= _last; index = index.Next) _terms.Remove(index);
            _terms[entry.Index] = entry.Term;
            _last = entry.Index;
        }
    }

    public bool Holds(LogIndex index, Term term) => index <= _snapshot || _terms.GetValueOrDefault(index) == term;

    /// <summary>Whether a vote given in <paramref name="term"/> can not be given again to somebody else.</summary>
    public bool IsBound(Term term, ReplicaId vote) => _hardState.Term > term || (_hardState.Term == term && _hardState.Vote == vote);
}
