using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Codecs;
using ControlPlane.Store;

namespace ControlPlane.Replica.Turns;

/// <summary>A member without its disk, clock and sockets: takes a batch of inputs and carries them through one turn — step, persist, send, apply, answer.</summary>
/// <remarks>One caller. The host runs it on its loop, the simulator directly.</remarks>
internal sealed class ReplicaCore
{
    // Of the proposals of one entry: a larger one would keep heartbeats behind it waiting. A larger single proposal still goes alone.
    private const int EntrySizeBytesMax = 1 << 20;

    // Enough for a large entry of small writes; beyond it the disk is no reason to wait.
    private const int HeldProposalsMax = 4_096;

    private readonly TurnOptions _options;
    private readonly RaftNode _node;
    private readonly IReplicaRim _rim;
    private readonly OpenProposals _proposals;
    private readonly OpenReads _reads;
    private readonly LeaseKeeper _leases;
    private readonly StateComparison _comparison;
    private readonly LeaderDisk _disk;
    private readonly SnapshotPlan _snapshots;
    private readonly LeaderDuties _duties;
    private readonly MembershipChanges _membership;
    private readonly Effects _effects = new();
    private readonly List<(OpenProposal Proposal, ProposalOutcome Outcome)> _outcomes = [];
    private readonly Queue<OpenProposal> _toHandOver = new();

    // Those that became entries in this turn; the context of an entry is its place in the list, counted from 1.
    private readonly List<List<OpenProposal>> _handedOver = [];
    private readonly Dictionary<ulong, (ReplicaId Peer, ulong Incarnation, ulong Ask)> _askedByPeers = [];
    private readonly List<Action<ReplicaImage?>> _imageTakers = [];
    private readonly MemberId _self;
    private ReplicaState _state;
    private ReceivedSnapshot? _received;
    private volatile MemberProgress _progress = new(0, 0, 0, IsLearner: false);
    private Leadership _leadership;
    private (Configuration Newest, Configuration Committed) _followed;
    private (ReplicaId? Leader, Term Term) _handedOverTo;
    private long _nowTick;
    private bool _isCompactionDue;
    private bool _mayAskForReads = true;

    /// <param name="state">What the newest snapshot holds; the core applies the log from there.</param>
    /// <param name="incarnation">Raised at every start of this member, so that its requests are told from those of its earlier lives.</param>
    /// <param name="own">What this member says about itself; null where members have neither disks nor versions of their own.</param>
    public ReplicaCore(TurnOptions options, RaftNode node, ReplicaState state, ulong incarnation, IReplicaRim rim, Introduction? own = null)
    {
        (_options, _node, _state, _rim) = (options, node, state, rim);
        _self = new MemberId(node.Self.Value);
        _proposals = new OpenProposals(_self, incarnation, options);
        _reads = new OpenReads(options);
        _leases = new LeaseKeeper(options);
        _leases.Restart(state.View);
        _membership = new MembershipChanges(node, options, own, incarnation, rim);
        _comparison = new StateComparison(options, node.Self, () => [.. node.Configuration.Members.Select(member => member.Id)], node.Applied, rim.Send);
        _duties = new LeaderDuties([_leases, new QuotaKeeper(_self, options.QuotaBytes), new CompactionKeeper(options), _comparison]);
        _disk = new LeaderDisk(node, options, rim);
        _snapshots = new SnapshotPlan(options);
        _leadership = CurrentLeadership();
        rim.Publish(state.View);
        rim.Publish(_leadership);
        FollowConfiguration();
        _progress = CurrentProgress();
    }

    public RaftNode Node => _node;

    /// <summary>Where this member's log stands; any thread, as of the last turn.</summary>
    public MemberProgress Progress => _progress;

    public ReplicaState State => _state;

    /// <summary>What a lease has left by this member's count; any thread.</summary>
    public TimeSpan? LeaseRemaining(LeaseId lease) => _leases.Remaining(lease);

    public int OpenProposalCount => _proposals.Count;

    /// <summary>One turn. Ticks in <paramref name="inputs"/> must come last.</summary>
    public void Turn(IReadOnlyList<TurnInput> inputs)
    {
        foreach (var input in inputs) Take(input);
        FollowLeadership();
        HandOver();
        AskForReads();
        _membership.Advance(_effects);
        if (!_effects.IsEmpty) CarryOut();
        CompactLog();
        _reads.Complete(_node.Applied, _state.View);
        Tell();
    }

    /// <summary>This member stops: nobody will answer what is open.</summary>
    public void Abandon()
    {
        foreach (var proposal in _proposals.InOrder.ToList())
        {
            _proposals.Settle(proposal);
            proposal.Complete(proposal.MayBeInLog ? new ProposalOutcome.Unknown("the member stopped before the write was confirmed") : new ProposalOutcome.NotLeader(null));
        }

        _reads.Abandon();
        _membership.Abandon();
    }

    private void Take(TurnInput input)
    {
        switch (input)
        {
            case TurnInput.Tick:
                Tick();
                break;
            case TurnInput.Late:
                _node.Step(new Input.Late(), _effects);
                break;
            case TurnInput.FromPeer(var message):
                Take(message);
                break;
            case TurnInput.Propose(var command, var complete):
                Take(command, complete);
                break;
            case TurnInput.Read(var complete):
                _reads.Add(complete, _nowTick);
                break;
            case TurnInput.DiskFull(var problem):
                _disk.SetFull(problem);
                break;
            case TurnInput.Durable(var number):
                _disk.Durable(number);
                _node.Step(new Input.Persisted(number), _effects);
                break;
            case TurnInput.SnapshotSaved(var mark, var sizeBytes):
                Compact(mark, _snapshots.Saved(mark.Index, sizeBytes));
                break;
            case TurnInput.SnapshotNotSaved:
                _snapshots.NotSaved();
                break;
            case TurnInput.SnapshotReceived(var snapshot):
                Take(snapshot);
                break;
            case TurnInput.SnapshotSent(var peer, var delivered):
                _node.Step(new Input.SnapshotSent(peer, delivered), _effects);
                break;
            case TurnInput.PeerLost(var peer):
                _node.Step(new Input.Unreachable(peer), _effects);
                break;
            case TurnInput.Transfer(var target):
                _node.Step(new Input.Transfer(target), _effects);
                break;
            case TurnInput.Campaign:
                _node.Step(new Input.Campaign(), _effects);
                break;
            case TurnInput.PeerIntroduced(var peer, var introduction):
                _membership.Introduced(peer, introduction);
                break;
            case TurnInput.ChangeMembers(var request, var complete):
                _membership.Take(request, complete);
                break;
            case TurnInput.TakeImage(var complete):
                _imageTakers.Add(complete);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(input), input, null);
        }
    }

    private void Tick()
    {
        _nowTick++;
        _membership.Tick();
        _node.Step(Input.Tick.One, _effects);
        while (_proposals.SettleExpired(_nowTick) is { } expired) _outcomes.Add((expired, GiveUp(expired)));
        _reads.Expire(_nowTick);
        _reads.AskAgain(askedAtTick => _nowTick - askedAtTick >= _options.ResendTicks);
        foreach (var proposal in _proposals.InOrder)
        {
            // In the own log nothing gets lost; on the way to a leader it may.
            if (proposal.HandedTo is { } leader && leader != _node.Self && _nowTick - proposal.HandedAtTick >= _options.ResendTicks) QueueAgain(proposal);
            else if (proposal.HandedTo is null) QueueAgain(proposal);
        }

        _disk.Tick(_effects);
        _duties.Tick(_node.IsReady, _state, (due, settled) => Take(CommandCodec.Encode(due), _ => settled()));
        _mayAskForReads = true;
        _rim.Publish(_membership.Members);
    }

    private ProposalOutcome GiveUp(OpenProposal proposal) => proposal.MayBeInLog
        ? new ProposalOutcome.Unknown("no majority confirmed the write in time; read before retrying")
        : new ProposalOutcome.NotLeader(ToMember(_node.Leader));

    private void Take(ReadOnlyMemory<byte> command, Action<ProposalOutcome> complete)
    {
        if (command.Length > _options.CommandSizeBytesMax)
        {
            complete(new ProposalOutcome.Rejected($"the command has {command.Length} bytes; at most {_options.CommandSizeBytesMax} are taken"));
            return;
        }

        if (_proposals.Count >= _options.OpenProposalsMax)
        {
            complete(new ProposalOutcome.Rejected($"{_proposals.Count} writes wait for their commit; retry when some are through"));
            return;
        }

        if (_disk.Problem is { } full)
        {
            complete(new ProposalOutcome.Rejected($"the leader's disk is full: {full}"));
            return;
        }

        QueueAgain(_proposals.Add(command, complete, _nowTick));
    }

    private void Take(PeerMessage message)
    {
        _membership.Heard(message.From);
        switch (message)
        {
            case PeerMessage.Consensus(var consensus):
                _node.Step(new Input.Receive(consensus), _effects);
                break;
            case PeerMessage.Forward forward:
                Take(forward);
                break;
            case PeerMessage.ForwardRefused refused when refused.Incarnation == _proposals.Incarnation:
                // Not at once: a member that does not know better would be asked again in a circle. The next tick sends it to whoever leads then.
                foreach (var sequence in refused.Sequences)
                {
                    if (_proposals.Find(sequence) is { } proposal && proposal.HandedTo == refused.From) proposal.HandedTo = null;
                }

                break;
            case PeerMessage.AskRead ask:
                var context = _reads.NextAsk();
                _askedByPeers.Add(context, (ask.From, ask.Incarnation, ask.Ask));
                _node.Step(new Input.Read([context]), _effects);
                break;
            case PeerMessage.AnswerRead answer when answer.Incarnation == _proposals.Incarnation:
                if (answer.Index is { } index) _reads.Answered(answer.Ask, index);
                else RefuseRead(answer.Ask);
                break;
            case PeerMessage.AskChange ask:
                _membership.Take(ask);
                break;
            case PeerMessage.AnswerChange answer:
                _membership.Take(answer);
                break;
            case PeerMessage.DiskFull full:
                _disk.Heard(full);
                break;
            case PeerMessage.AskHash ask:
                _comparison.Take(ask, _state);
                break;
            case PeerMessage.AnswerHash answer:
                _comparison.Take(answer);
                break;
            case PeerMessage.HashDiffers differs:
                _comparison.Take(differs);
                break;
        }
    }

    private void Take(PeerMessage.Forward forward)
    {
        if (_node.Role != Role.Leader)
        {
            _rim.Send(new PeerMessage.ForwardRefused(_node.Self, forward.From, forward.Incarnation, forward.Sequences));
            return;
        }

        // A refusal for too much in flight is not reported: the sender tries again by itself, which is the back-off wanted.
        _node.Step(new Input.Propose([new Proposal(0, forward.Payload)]), _effects);
    }

    private void Take(ReceivedSnapshot snapshot)
    {
        _node.Step(new Input.Receive(snapshot.Message), _effects);
        if (ReferenceEquals(_effects.Install, snapshot.Message.Snapshot)) _received = snapshot;
    }

    /// <summary>When somebody else leads, what was handed to the former leader may be lost: all of it is handed over again and applied once.</summary>
    private void FollowLeadership()
    {
        var now = (_node.Leader, _node.Term);
        if (now == _handedOverTo) return;
        _handedOverTo = now;
        if (now.Leader is null) return;
        foreach (var proposal in _proposals.InOrder.Where(proposal => proposal.HandedTo is not null)) QueueAgain(proposal);
        _reads.AskAgain(_ => true);
        _mayAskForReads = true;
    }

    private void QueueAgain(OpenProposal proposal)
    {
        proposal.HandedTo = null;
        if (proposal.IsQueued) return;
        proposal.IsQueued = true;
        _toHandOver.Enqueue(proposal);
    }

    /// <summary>Everything that waits becomes one entry, so that the log, the disk and the peers handle one thing a turn (ADR 0016).</summary>
    private void HandOver()
    {
        if (_toHandOver.Count == 0 || _node.Leader is not { } leader) return;
        // While this member's disk is at work another entry would only queue behind it: what comes meanwhile shares the next one.
        if (leader == _node.Self && _node.Durable < _node.LastIndex && _toHandOver.Count < HeldProposalsMax) return;
        var batch = new List<OpenProposal>(_toHandOver.Count);
        var sizeBytes = 0;
        while (_toHandOver.TryDequeue(out var proposal))
        {
            proposal.IsQueued = false;
            if (!_proposals.IsOpen(proposal)) continue;
            if (batch.Count > 0 && sizeBytes + proposal.Command.Length > EntrySizeBytesMax)
            {
                HandOver(leader, batch);
                batch = [];
                sizeBytes = 0;
            }

            (proposal.HandedTo, proposal.HandedAtTick) = (leader, _nowTick);
            batch.Add(proposal);
            sizeBytes += proposal.Command.Length;
        }

        if (batch.Count > 0) HandOver(leader, batch);
    }

    private void HandOver(ReplicaId leader, List<OpenProposal> batch)
    {
        var commands = new NumberedCommand[batch.Count];
        for (var i = 0; i < commands.Length; i++) commands[i] = new NumberedCommand(batch[i].Sequence, batch[i].Command);
        var payload = ProposalCodec.Encode(_self, _proposals.Incarnation, _proposals.Oldest, commands);
        if (leader == _node.Self)
        {
            _handedOver.Add(batch);
            _node.Step(new Input.Propose([new Proposal((ulong)_handedOver.Count, payload)]), _effects);
            return;
        }

        foreach (var proposal in batch) proposal.MayBeInLog = true;
        _rim.Send(new PeerMessage.Forward(_node.Self, leader, _proposals.Incarnation, [.. batch.Select(proposal => proposal.Sequence)], payload));
    }

    private void AskForReads()
    {
        if (!_mayAskForReads || !_reads.HasWaiting || _node.Leader is not { } leader) return;
        var ask = _reads.Ask(_nowTick);
        if (leader == _node.Self) _node.Step(new Input.Read([ask]), _effects);
        else _rim.Send(new PeerMessage.AskRead(_node.Self, leader, _proposals.Incarnation, ask));
    }

    private void CarryOut()
    {
        if (_effects.WriteNumber != 0)
        {
            _disk.Written(_effects.WriteNumber);
            _rim.Persist(new LogWrite(_effects.WriteNumber, _effects.HardState, _effects.Install is null ? null : _received, [.. _effects.Entries]));
        }

        Send(_effects.Messages);
        Apply();
        Answer([.. _effects.Answers]);
        _effects.Clear();
        _handedOver.Clear();
    }

    private void Send(List<Message> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (Outbox.IsSuperfluous(messages, i)) continue;
            if (messages[i] is InstallSnapshot install) _rim.SendSnapshot(install);
            else _rim.Send(new PeerMessage.Consensus(messages[i]));
        }
    }

    private void Apply()
    {
        if (_effects.Install is not null)
        {
            Invariant.That(_received is not null);
            _state = _received.State;
            _received = null;
            _leases.Restart(_state.View);
            _membership.Installed(_effects.Install);
            _comparison.Restart(_effects.Install.Index);
            _snapshots.Restart();
            _rim.Publish(_state.View);
        }

        if (_effects.Committed.Count == 0) return;
        foreach (var entry in _effects.Committed)
        {
            _snapshots.Applied(entry.Index, entry.SizeBytes);
            _membership.Applied(entry);
            foreach (var (id, result) in _state.Apply(entry))
            {
                if (_proposals.Settle(id) is { } proposal) _outcomes.Add((proposal, new ProposalOutcome.Committed(result)));
            }

            _comparison.Applied(entry.Index, _state);
        }

        foreach (var lease in _state.TouchedLeases) _leases.Follow(lease, _state.View.GetLease(lease));
        _state.ForgetTouchedLeases();
        _rim.Publish(_state.View);
        SaveSnapshotIfDue();
    }

    private void Answer(IReadOnlyList<Answer> answers)
    {
        foreach (var answer in answers)
        {
            switch (answer)
            {
                case var change when MembershipChanges.Owns(change.Context):
                    _membership.Answered(change);
                    break;
                case Answer.Proposed(var context, _, _):
                    foreach (var proposal in HandedOver(context)) proposal.MayBeInLog = true;
                    break;
                case Answer.ProposalRefused(var context, var reason, _):
                    foreach (var proposal in HandedOver(context)) Refuse(proposal, reason);
                    break;
                case Answer.ReadReady(var context, var index):
                    if (_askedByPeers.Remove(context, out var asker)) Reply(asker, index);
                    else _reads.Answered(context, index);
                    break;
                case Answer.ReadRefused(var context, _):
                    if (_askedByPeers.Remove(context, out var refusedAsker)) Reply(refusedAsker, null);
                    else RefuseRead(context);
                    break;
            }
        }
    }

    // Forwarded ones have no context; their senders hear of them otherwise.
    private List<OpenProposal> HandedOver(ulong context) => context == 0 || context > (ulong)_handedOver.Count ? [] : _handedOver[(int)context - 1];

    private void Refuse(OpenProposal proposal, RefusalReason reason)
    {
        proposal.HandedTo = null;
        if (reason != RefusalReason.TooMuchInFlight || proposal.MayBeInLog) return;
        _proposals.Settle(proposal);
        _outcomes.Add((proposal, new ProposalOutcome.Rejected("too many bytes wait for their commit; retry when some are through")));
    }

    // Not asked again before the next tick: whoever refused would refuse again at once.
    private void RefuseRead(ulong ask)
    {
        _reads.Refused(ask);
        _mayAskForReads = false;
    }

    private void Reply((ReplicaId Peer, ulong Incarnation, ulong Ask) asker, LogIndex? index) =>
        _rim.Send(new PeerMessage.AnswerRead(_node.Self, asker.Peer, asker.Incarnation, asker.Ask, index));

    private void SaveSnapshotIfDue()
    {
        if (!_snapshots.IsDue) return;
        _snapshots.Begin();
        _rim.SaveSnapshot(_state.TakeImage(_node.MarkAt(_node.Applied)));
    }

    private void Compact(SnapshotMark saved, LogIndex compactTo)
    {
        _node.Step(new Input.SnapshotTaken(saved, compactTo), _effects);
        _isCompactionDue = true;
    }

    // After the turn's write: a snapshot that was installed in this turn must be on its way to the disk before the log before it goes.
    private void CompactLog()
    {
        if (!_isCompactionDue) return;
        _isCompactionDue = false;
        _rim.CompactLog(_node.MarkAt(_node.CompactedTo));
    }

    private void Tell()
    {
        var leadership = CurrentLeadership();
        if (leadership != _leadership)
        {
            _leadership = leadership;
            _rim.Publish(leadership);
            _rim.Publish(_membership.Members);
        }

        FollowConfiguration();
        _progress = CurrentProgress();
        // Here the state is at what the core calls applied; within a turn it may lag.
        foreach (var complete in _imageTakers) complete(_state.TakeImage(_node.MarkAt(_node.Applied)));
        _imageTakers.Clear();

        // Last, so that a caller who goes on at once finds everything in place.
        foreach (var (proposal, outcome) in _outcomes) proposal.Complete(outcome);
        _outcomes.Clear();
        _membership.Tell();
    }

    // The same object while nothing moved: a turn that only took a heartbeat need not make one.
    private MemberProgress CurrentProgress()
    {
        var now = new MemberProgress((long)_node.LastIndex.Value, (long)_node.Commit.Value, (long)_node.Applied.Value, !_node.Configuration.IsVoter(_node.Self));
        return now == _progress ? _progress : now;
    }

    private Leadership CurrentLeadership() => new(_self, ToMember(_node.Leader), (long)_node.Term.Value, _node.IsReady);

    private void FollowConfiguration()
    {
        if (ReferenceEquals(_followed.Newest, _node.Configuration) && ReferenceEquals(_followed.Committed, _membership.Committed)) return;
        _followed = (_node.Configuration, _membership.Committed);
        _rim.Follow(_node.Configuration, _membership.Committed);
        _rim.Publish(_membership.Members);
    }

    private static MemberId? ToMember(ReplicaId? id) => id is { } known ? new MemberId(known.Value) : null;
}
