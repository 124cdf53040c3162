using ControlPlane.Raft.Elections;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Raft.Reads;
using ControlPlane.Raft.Replication;

namespace ControlPlane.Raft;

/// <summary>One term of leading: made when a vote is won, dropped when leadership ends, so that nothing of it can leak into another term.</summary>
internal sealed class Reign
{
    private readonly RaftNode _node;
    private readonly Dictionary<ReplicaId, Progress> _peers = [];
    private readonly ReadRounds _reads = new();
    private readonly LeaderLease _lease;
    private readonly Courier _courier;
    private long _uncommittedBytes;
    private int _heartbeatElapsed;
    private int _quorumElapsed;
    private HandOver? _handOver;

    public Reign(RaftNode node, Effects effects)
    {
        (_node, _lease, _courier) = (node, new LeaderLease(node.Options), new Courier(node));
        // Entries of earlier terms are never committed by counting copies; the no-op commits them all (Raft §5.4.2, figure 8).
        Opening = node.Log.LastIndex.Next;
        for (var index = node.Commit.Next; index < Opening; index = index.Next) _uncommittedBytes += node.Log[index].SizeBytes;
        Follow(node.Configuration);
        Append(EntryKind.NoOp, default, null, effects);
        foreach (var peer in _peers.Values) _courier.Bring(peer, effects);
    }

    /// <summary>The index of the entry that opens the term.</summary>
    public LogIndex Opening { get; }

    /// <summary>True once an entry of this term is committed: then the commit index is known to be no older than any earlier leader's.</summary>
    public bool HasCommittedInTerm => _node.Commit >= Opening;

    public ReplicaId? TransferTarget => _handOver?.Target;

    public Progress? ProgressOf(ReplicaId peer) => _peers.GetValueOrDefault(peer);

    public void Tick(Effects effects)
    {
        _lease.Tick();
        foreach (var peer in _peers.Values) peer.Tick();
        if (++_quorumElapsed >= _node.Options.ElectionTicks)
        {
            _quorumElapsed = 0;
            if (!HasActiveQuorum())
            {
                _node.StepDown(effects);
                return;
            }
        }

        _handOver?.Tick();
        if (_handOver is { IsOver: true }) _handOver = null;

        LeaveJoint(effects);
        if (++_heartbeatElapsed < _node.Options.HeartbeatTicks) return;
        _heartbeatElapsed = 0;
        // A lease lives on rounds, asked for or not.
        if (HasCommittedInTerm && (_reads.HasWaiting || _node.Options.LeaseReads)) BeginReadRound(effects);
        else SendHeartbeats(effects);
    }

    public void Propose(IReadOnlyList<Proposal> proposals, Effects effects)
    {
        foreach (var proposal in proposals)
        {
            if (RefusalNow() is { } reason)
            {
                effects.Answers.Add(new Answer.ProposalRefused(proposal.Context, reason, _node.Self));
                continue;
            }

            var entry = Append(EntryKind.Command, proposal.Data, null, effects);
            effects.Answers.Add(new Answer.Proposed(proposal.Context, entry.Term, entry.Index));
        }

        foreach (var peer in _peers.Values) _courier.Bring(peer, effects);
    }

    public void ChangeConfiguration(ulong context, Configuration next, Effects effects)
    {
        // Only after a commit in the own term: else leaders of two terms can change to majorities that do not meet (Ongaro 2015).
        var isPossible = HasCommittedInTerm && !_node.IsChangingConfiguration;
        var step = isPossible ? ConfigurationChange.FirstStep(_node.Configuration, next) : null;
        var reason = step is null ? RefusalReason.ChangeNotPossible : RefusalNow();
        if (reason is not null)
        {
            effects.Answers.Add(new Answer.ProposalRefused(context, reason.Value, _node.Self));
            return;
        }

        var entry = AppendConfiguration(step!, effects);
        effects.Answers.Add(new Answer.Proposed(context, entry.Term, entry.Index));
    }

    public void Read(IReadOnlyList<ulong> contexts, Effects effects)
    {
        if (IsLeased)
        {
            foreach (var context in contexts) effects.Answers.Add(new Answer.ReadReady(context, _node.Commit));
            return;
        }

        foreach (var context in contexts) _reads.Add(context);
        // One round at a time: reads that come meanwhile share the next one.
        if (HasCommittedInTerm && !_reads.HasAsked) BeginReadRound(effects);
    }

    public void Transfer(ReplicaId target, Effects effects)
    {
        if (target == TransferTarget || _node.Configuration.Voters.All(voter => voter.Id != target)) return;
        if (!_peers.TryGetValue(target, out var peer)) return;
        _handOver = new HandOver(target, _node.Options.ElectionTicks);
        if (!TryHandOver(peer, effects)) _courier.Bring(peer, effects);
    }

    public void Receive(AppendAccepted message, Effects effects)
    {
        if (!TryHear(message, out var peer)) return;
        var isNews = peer.Accepted(message.Match, _node.Commit);
        if (isNews) AdvanceCommit(effects);
        if (_node.Reign != this) return;
        _courier.Bring(peer, effects);
        _courier.ConveyCommit(peer, effects);
        if (isNews) TryHandOver(peer, effects);
    }

    public void Receive(AppendRejected message, Effects effects)
    {
        if (!TryHear(message, out var peer)) return;
        var agreement = _node.Log.LastAtOrBelow(message.HintIndex, message.HintTerm).Index;
        if (peer.Rejected(message.Rejected, agreement)) _courier.TrySend(peer, isWorthSendingEmpty: true, effects);
    }

    public void Receive(HeartbeatResponse message, Effects effects)
    {
        if (!TryHear(message, out var peer)) return;
        peer.Unblock();
        TryHandOver(peer, effects);
        if (message.Round > peer.ConfirmedRound)
        {
            peer.ConfirmedRound = message.Round;
            ConfirmReads(effects);
        }

        // Whatever was sent last may be lost; an empty append finds out.
        if (peer.Match < _node.Log.LastIndex || peer.ToldCommit < _node.Commit || peer.State == ProgressState.Probe)
        {
            if (!_courier.TrySend(peer, isWorthSendingEmpty: true, effects)) return;
            _courier.Bring(peer, effects);
        }
    }

    public void SnapshotSent(ReplicaId target, bool delivered) => ProgressOf(target)?.EndSnapshot(delivered);

    public void Unreachable(ReplicaId target) => ProgressOf(target)?.Lost();

    /// <summary>Commits what a majority holds durably, this member's own disk included.</summary>
    public void AdvanceCommit(Effects effects)
    {
        var reached = new LogIndex(Quorum.Reached(_node.Log.Configuration, MatchOf));
        if (reached <= _node.Commit || _node.Log.TermAt(reached) != _node.Term) return;
        var hadCommitted = HasCommittedInTerm;
        for (var index = _node.Commit.Next; index <= reached; index = index.Next) _uncommittedBytes -= _node.Log[index].SizeBytes;
        var isChangeThrough = _node.ConfigurationIndex > _node.Commit && _node.ConfigurationIndex <= reached;
        _node.CommitTo(reached);
        if (isChangeThrough)
        {
            SeeOff(effects);
            if (!_node.Configuration.IsVoter(_node.Self))
            {
                // Removed, and the removal is committed: the others elect one of themselves, and whoever is ahead need not wait for a timeout.
                foreach (var peer in _peers.Values) _courier.TrySend(peer, isWorthSendingEmpty: true, effects);
                var heir = _node.Configuration.Voters.Select(voter => _peers[voter.Id]).MaxBy(peer => peer.Match)!;
                effects.Messages.Add(new TimeoutNow(_node.Self, heir.Peer, _node.Term));
                _node.StepDown(effects);
                return;
            }
        }

        LeaveJoint(effects);
        if (!hadCommitted && HasCommittedInTerm && _reads.HasWaiting) BeginReadRound(effects);
        foreach (var peer in _peers.Values) _courier.ConveyCommit(peer, effects);
    }

    /// <summary>The lowest index that compaction must leave, for followers that are about to go on after a snapshot.</summary>
    public LogIndex CompactionFloor(LogIndex wanted)
    {
        if (_node.Log.SizeBytes > _node.Options.CatchUpBytesMax) return wanted;
        foreach (var peer in _peers.Values)
        {
            // Without the floor a slow transfer would end before the log begins, and begin again, for ever.
            if (peer.IsRecentlyActive && peer.CatchUpFrom < wanted) wanted = peer.CatchUpFrom.Value;
        }

        return wanted;
    }

    /// <summary>Time went by that no tick told of.</summary>
    public void EndLease() => _lease.Void();

    public void End(Effects effects, ReplicaId? leader) => _reads.RefuseAll(effects.Answers, leader);

    private bool IsLeased => _node.Options.LeaseReads && _handOver is null && HasCommittedInTerm && _lease.Holds;

    private RefusalReason? RefusalNow()
    {
        if (_handOver is not null) return RefusalReason.Transferring;
        return _uncommittedBytes >= _node.Options.UncommittedBytesMax ? RefusalReason.TooMuchInFlight : null;
    }

    private Entry Append(EntryKind kind, ReadOnlyMemory<byte> data, Configuration? configuration, Effects effects)
    {
        var entry = new Entry(_node.Term, _node.Log.LastIndex.Next, kind, data, configuration);
        _uncommittedBytes += entry.SizeBytes;
        _node.Append(entry, effects);
        return entry;
    }

    private Entry AppendConfiguration(Configuration configuration, Effects effects)
    {
        // Before the entry is there, so that whoever comes is probed with it at once.
        Follow(configuration);
        var entry = Append(EntryKind.Configuration, default, configuration, effects);
        foreach (var peer in _peers.Values) _courier.Bring(peer, effects);
        return entry;
    }

    // Whoever leads leaves, be it that it found the joint configuration in its log. Not during a transfer: an entry that the target does not have
    // could cost it the election; the target will leave.
    private void LeaveJoint(Effects effects)
    {
        var isDue = _node.Configuration.IsJoint && _node.ConfigurationIndex <= _node.Commit && HasCommittedInTerm;
        if (isDue && _handOver is null) AppendConfiguration(_node.Configuration.Left, effects);
    }

    // Who goes still receives the log, so that it learns from the committed change that it need not campaign any more.
    private void Follow(Configuration configuration)
    {
        foreach (var member in configuration.Members)
        {
            if (member.Id != _node.Self) _peers.TryAdd(member.Id, new Progress(member.Id, _node.Log.LastIndex, _node.Options));
        }
    }

    // Once, and without waiting for an answer: a removed member may be gone for good.
    private void SeeOff(Effects effects)
    {
        var members = _node.Configuration.Members.Select(member => member.Id).ToHashSet();
        foreach (var gone in _peers.Values.Where(peer => !members.Contains(peer.Peer)).ToList())
        {
            _courier.TrySend(gone, isWorthSendingEmpty: true, effects);
            _peers.Remove(gone.Peer);
        }
    }

    private bool TryHear(Message message, out Progress peer)
    {
        // A member that left may still talk.
        if (!_peers.TryGetValue(message.From, out peer!)) return false;
        peer.Hear();
        return true;
    }

    private ulong MatchOf(ReplicaId id) => id == _node.Self ? _node.Writes.Durable.Value : ProgressOf(id)?.Match.Value ?? 0;

    private bool HasActiveQuorum()
    {
        return Quorum.Decide(_node.Log.Configuration, id => id == _node.Self || ProgressOf(id)?.IsRecentlyActive == true) == Verdict.Won;
    }

    private void BeginReadRound(Effects effects)
    {
        _reads.Begin(_node.Commit);
        _lease.Begin(_reads.Round);
        SendHeartbeats(effects);
        ConfirmReads(effects);
    }

    private void ConfirmReads(Effects effects)
    {
        var confirmed = Quorum.Reached(_node.Log.Configuration, id => id == _node.Self ? _reads.Round : ProgressOf(id)?.ConfirmedRound ?? 0);
        _reads.Confirm(confirmed, effects.Answers);
        _lease.Confirm(confirmed);
        if (_reads.HasWaiting && !_reads.HasAsked && HasCommittedInTerm) BeginReadRound(effects);
    }

    private void SendHeartbeats(Effects effects)
    {
        foreach (var peer in _peers.Values)
        {
            // Never beyond what the follower is known to hold: it may have other entries there.
            var commit = peer.Match < _node.Commit ? peer.Match : _node.Commit;
            effects.Messages.Add(new Heartbeat(_node.Self, peer.Peer, _node.Term, commit, _reads.Round));
        }
    }

    private bool TryHandOver(Progress peer, Effects effects)
    {
        if (TransferTarget != peer.Peer || peer.Match < _node.Log.LastIndex) return false;
        _lease.GiveUp();
        effects.Messages.Add(new TimeoutNow(_node.Self, peer.Peer, _node.Term));
        return true;
    }
}
