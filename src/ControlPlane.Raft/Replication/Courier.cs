using ControlPlane.Raft.Messages;

namespace ControlPlane.Raft.Replication;

/// <summary>Brings the leader's log to its followers: entries while they are in the log, a snapshot where they are not any more.</summary>
internal sealed class Courier(RaftNode node)
{
    /// <summary>Sends entries that the follower has not been sent, as far as its window lets them.</summary>
    public void Bring(Progress peer, Effects effects)
    {
        while (TrySend(peer, isWorthSendingEmpty: false, effects) && peer.State == ProgressState.Replicate)
        {
        }
    }

    /// <summary>Tells the commit index to a follower that has all entries; those that still have some to come learn it with them.</summary>
    public void ConveyCommit(Progress peer, Effects effects)
    {
        if (peer.State != ProgressState.Replicate || peer.Next <= node.Log.LastIndex || peer.ToldCommit >= node.Commit) return;
        TrySend(peer, isWorthSendingEmpty: true, effects);
    }

    /// <summary>Sends one append, or begins a snapshot where the log does not reach back far enough.</summary>
    /// <param name="isWorthSendingEmpty">An append without entries probes, and conveys the commit index.</param>
    /// <returns>Whether an append was sent.</returns>
    public bool TrySend(Progress peer, bool isWorthSendingEmpty, Effects effects)
    {
        if (!peer.MaySend) return false;
        var previous = new LogIndex(peer.Next.Value - 1);
        if (node.Log.TermAt(previous) is not { } previousTerm)
        {
            SendSnapshot(peer, effects);
            return false;
        }

        // Before the follower's durable end is known, an entry the leader has not sent yet is as good as any to probe with.
        var entries = node.Log.Slice(peer.Next, node.Log.LastIndex, node.Options.AppendSizeBytesMax);
        if (entries.Count == 0 && !isWorthSendingEmpty) return false;
        effects.Messages.Add(new Append(node.Self, peer.Peer, node.Term, previous, previousTerm, entries, node.Commit));
        peer.ToldCommit = node.Commit;
        peer.Sent(new LogIndex(previous.Value + (ulong)entries.Count), entries.Count, entries.Sum(entry => entry.SizeBytes));
        return true;
    }

    private void SendSnapshot(Progress peer, Effects effects)
    {
        // To a silent member it would only fill a socket.
        if (!peer.IsRecentlyActive) return;
        Invariant.That(node.Snapshot.Index >= node.Log.Base);
        peer.BeginSnapshot(node.Snapshot.Index);
        effects.Messages.Add(new InstallSnapshot(node.Self, peer.Peer, node.Term, node.Snapshot));
    }
}
