using ControlPlane.Raft.Durability;
using ControlPlane.Raft.Elections;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;

namespace ControlPlane.Raft;

public enum Role
{
    Follower,

    /// <summary>Asks whether an election could be won; its term has not moved.</summary>
    PreCandidate,
    Candidate,
    Leader,
}

/// <summary>One member of a Raft group: a deterministic machine from inputs to effects, without clock, chance, disk or network.</summary>
/// <remarks>One caller. Sources: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (sections named Raft §n), and Ongaro's
/// thesis for pre-vote (§9.6), leadership transfer (§3.10), read index (§6.4) and writing to the leader's disk in parallel (§10.2.1).</remarks>
public sealed class RaftNode
{
    private readonly ElectionClock _clock;
    private Ballot? _ballot;

    /// <param name="options">This member.</param>
    /// <param name="hardState">As last persisted.</param>
    /// <param name="snapshot">The newest durable snapshot; index 0 with the initial configuration when there is none. Its state is the driver's to restore.</param>
    /// <param name="entries">The durable log after <paramref name="logBase"/>, in order.</param>
    /// <param name="logBase">Where the log begins when it reaches back before the snapshot; null when it begins at the snapshot.</param>
    public RaftNode(RaftOptions options, HardState hardState, SnapshotMark snapshot, IEnumerable<Entry> entries, SnapshotMark? logBase = null)
    {
        Options = options;
        HardState = hardState;
        Snapshot = snapshot;
        var start = logBase ?? snapshot;
        Invariant.That(start.Index <= snapshot.Index);
        Log = new RaftLog(start.Index, start.Term, start.Configuration);
        foreach (var entry in entries) Log.Append(entry);
        Invariant.That(Log.LastIndex >= snapshot.Index);
        Writes = new WriteLedger(Log.LastIndex);
        Commit = snapshot.Index;
        Applied = snapshot.Index;
        // A lease may count on what this member heard before it restarted.
        _clock = new ElectionClock(options.ElectionTicks, options.Seed, isLoyalAtStart: options.LeaseReads);
    }

    public ReplicaId Self => Options.Self;

    public Role Role { get; private set; }

    public Term Term => HardState.Term;

    public HardState HardState { get; private set; }

    /// <summary>Who leads the present term; null when unknown.</summary>
    public ReplicaId? Leader { get; private set; }

    /// <summary>Everything up to here is on a majority and will never change.</summary>
    public LogIndex Commit { get; private set; }

    /// <summary>Everything up to here was handed out in <see cref="Effects.Committed"/> or is in the snapshot.</summary>
    public LogIndex Applied { get; private set; }

    /// <summary>Everything up to here is on this member's disk.</summary>
    public LogIndex Durable => Writes.Durable;

    public LogIndex LastIndex => Log.LastIndex;

    /// <summary>The last index compacted away.</summary>
    public LogIndex CompactedTo => Log.Base;

    /// <summary>The newest snapshot, which followers that are too far behind receive.</summary>
    public SnapshotMark Snapshot { get; private set; }

    /// <summary>The newest configuration in the log.</summary>
    public Configuration Configuration => Log.Configuration;

    /// <summary>From which index on <see cref="Configuration"/> holds; 0 for the one the group started with.</summary>
    public LogIndex ConfigurationIndex => Log.ConfigurationIndex;

    /// <summary>The newest configuration known to be committed. Differs from <see cref="Configuration"/> while a change may still be cut from the log.</summary>
    public Configuration CommittedConfiguration => Log.ConfigurationAt(Commit);

    /// <summary>A change is not committed yet, or only half way through; another one would be refused.</summary>
    public bool IsChangingConfiguration => Log.ConfigurationIndex > Commit || Configuration.IsJoint;

    /// <summary>To whom leadership is being handed; null when it is not. Gone without <see cref="Role"/> having changed means that it failed.</summary>
    public ReplicaId? TransferTarget => Reign?.TransferTarget;

    /// <summary>True on a leader that has applied an entry of its own term, so that its state is complete.</summary>
    public bool IsReady => Reign is not null && Applied >= Reign.Opening;

    internal RaftOptions Options { get; }

    internal RaftLog Log { get; }

    internal WriteLedger Writes { get; }

    internal Reign? Reign { get; private set; }

    /// <summary>What a snapshot of the state after <paramref name="index"/> must carry. The index must not be compacted.</summary>
    public SnapshotMark MarkAt(LogIndex index) => new(index, Log.TermAt(index)!.Value, Log.ConfigurationAt(index));

    /// <summary>An entry's term, or null when it is compacted or beyond the end.</summary>
    public Term? TermAt(LogIndex index) => Log.TermAt(index);

    /// <summary>How far a follower's log is known to agree; null when this member does not lead or does not know the peer.</summary>
    public LogIndex? MatchOf(ReplicaId peer) => peer == Self && Reign is not null ? Writes.Durable : Reign?.ProgressOf(peer)?.Match;

    /// <summary>Takes one input and adds what must be done about it to <paramref name="effects"/>.</summary>
    public void Step(Input input, Effects effects)
    {
        switch (input)
        {
            case Input.Tick:
                Tick(effects);
                break;
            case Input.Receive(var message):
                Receive(message, effects);
                break;
            case Input.Propose(var proposals):
                if (Reign is not null) Reign.Propose(proposals, effects);
                else foreach (var proposal in proposals) effects.Answers.Add(new Answer.ProposalRefused(proposal.Context, RefusalReason.NotLeader, Leader));
                break;
            case Input.Read(var contexts):
                if (Reign is not null) Reign.Read(contexts, effects);
                else foreach (var context in contexts) effects.Answers.Add(new Answer.ReadRefused(context, Leader));
                break;
            case Input.Persisted(var writeNumber):
                Writes.Complete(writeNumber);
                Reign?.AdvanceCommit(effects);
                break;
            case Input.SnapshotTaken(var snapshot, var compactTo):
                Compact(snapshot, compactTo);
                break;
            case Input.SnapshotSent(var peer, var delivered):
                Reign?.SnapshotSent(peer, delivered);
                break;
            case Input.Unreachable(var peer):
                Reign?.Unreachable(peer);
                break;
            case Input.Transfer(var target):
                Reign?.Transfer(target, effects);
                break;
            case Input.ChangeConfiguration(var context, var next):
                if (Reign is not null) Reign.ChangeConfiguration(context, next, effects);
                else effects.Answers.Add(new Answer.ProposalRefused(context, RefusalReason.NotLeader, Leader));
                break;
            case Input.Late:
                Reign?.EndLease();
                break;
            case Input.ForgetLeader:
                ForgetLeader();
                break;
            case Input.Campaign:
                if (Reign is null) CampaignIfPromising(effects);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(input), input, null);
        }

        Release(effects);
        HandOutCommitted(effects);
    }

    internal void Append(Entry entry, Effects effects)
    {
        Log.Append(entry);
        effects.Entries.Add(entry);
        Writes.Open(effects);
        Writes.Extend(entry.Index);
    }

    internal void CommitTo(LogIndex index)
    {
        Invariant.That(index >= Commit);
        Invariant.That(index <= Log.LastIndex);
        Commit = index;
    }

    /// <summary>Ends leadership in the same term: no majority answers any more, or this member was removed.</summary>
    internal void StepDown(Effects effects) => BecomeFollower(Term, null, effects);

    private void Tick(Effects effects)
    {
        if (Reign is not null)
        {
            Reign.Tick(effects);
            return;
        }

        _clock.Tick();
        if (_clock.IsExpired) CampaignIfPromising(effects);
    }

    private void ForgetLeader()
    {
        // With leases the leader counts on not being forgotten.
        if (Role != Role.Follower || Options.LeaseReads) return;
        Leader = null;
        _clock.Forget();
    }

    private void CampaignIfPromising(Effects effects)
    {
        // Somebody whose removal is not known to be committed may hold the only log that can win; it just does not count itself (thesis §4.2.2).
        if (!Log.ConfigurationsFrom(Commit).Any(configuration => configuration.IsVoter(Self)))
        {
            _clock.Redraw();
            return;
        }

        if (Log.Configuration.IsSoleVoter(Self))
        {
            Campaign(isTransfer: false, effects);
            return;
        }

        Role = Role.PreCandidate;
        Leader = null;
        _clock.Redraw();
        _ballot = new Ballot();
        _ballot.Record(Self, granted: true);
        foreach (var peer in OtherVoters()) effects.Messages.Add(new PreVoteRequest(Self, peer, Term.Next, Log.LastIndex, Log.LastTerm));
    }

    private void Campaign(bool isTransfer, Effects effects)
    {
        Role = Role.Candidate;
        Leader = null;
        _clock.Redraw();
        _ballot = new Ballot();
        Persist(new HardState(Term.Next, Self), effects);
        // Asking waits for the disk as well: a candidate that forgets its term in a crash, and the tail of its log with it, could count votes
        // that were given to a longer log.
        foreach (var peer in OtherVoters()) Writes.SendWhenDurable(new VoteRequest(Self, peer, Term, Log.LastIndex, Log.LastTerm, isTransfer));
        Writes.SendWhenDurable(new VoteResponse(Self, Self, Term, Granted: true));
    }

    private void Receive(Message message, Effects effects)
    {
        Invariant.That(message.To == Self);
        if (IsDisloyal(message)) return;
        if (message.Term > Term)
        {
            if (message is not (PreVoteRequest or PreVoteResponse { Granted: true }))
            {
                BecomeFollower(message.Term, message is Messages.Append or Heartbeat or InstallSnapshot ? message.From : null, effects);
            }
        }
        else if (message.Term < Term)
        {
            AnswerThePast(message, effects);
            return;
        }

        switch (message)
        {
            case PreVoteRequest request:
                Receive(request, effects);
                break;
            case PreVoteResponse response:
                Receive(response, effects);
                break;
            case VoteRequest request:
                Receive(request, effects);
                break;
            case VoteResponse response:
                Receive(response, effects);
                break;
            case Append append:
                Heed(append);
                Receive(append, effects);
                break;
            case Heartbeat heartbeat:
                Heed(heartbeat);
                CommitTo(Earliest(heartbeat.Commit, Log.LastIndex, atLeast: Commit));
                effects.Messages.Add(new HeartbeatResponse(Self, heartbeat.From, Term, heartbeat.Round));
                break;
            case InstallSnapshot install:
                Heed(install);
                Receive(install, effects);
                break;
            case AppendAccepted accepted:
                Reign?.Receive(accepted, effects);
                break;
            case AppendRejected rejected:
                Reign?.Receive(rejected, effects);
                break;
            case HeartbeatResponse response:
                Reign?.Receive(response, effects);
                break;
            case TimeoutNow:
                if (Reign is null && Log.Configuration.IsVoter(Self)) Campaign(isTransfer: true, effects);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(message), message, null);
        }
    }

    /// <summary>A leader that was heard a moment ago is not deposed by somebody who did not hear it (thesis §4.2.3).</summary>
    private bool IsDisloyal(Message message) => message switch
    {
        // In the own term too: the term may have been raised without an election, and the leader of the term before still hold a lease.
        VoteRequest { IsTransfer: false } => message.Term >= Term && (Reign is not null || (_clock.IsLeaderFresh && HardState.Vote != message.From)),
        PreVoteRequest => message.Term > Term && (Reign is not null || _clock.IsLeaderFresh),
        _ => false,
    };

    private void AnswerThePast(Message message, Effects effects)
    {
        switch (message)
        {
            case Messages.Append or Heartbeat or InstallSnapshot:
                // Else a member with a higher term and a leader that ignores its elections would never meet again.
                effects.Messages.Add(new HeartbeatResponse(Self, message.From, Term, Round: 0));
                break;
            case PreVoteRequest:
                effects.Messages.Add(new PreVoteResponse(Self, message.From, Term, Granted: false));
                break;
        }
    }

    private void Receive(PreVoteRequest request, Effects effects)
    {
        var isGranted = request.Term > Term && Log.IsNoNewerThan(request.LastTerm, request.LastIndex);
        effects.Messages.Add(new PreVoteResponse(Self, request.From, isGranted ? request.Term : Term, isGranted));
    }

    private void Receive(PreVoteResponse response, Effects effects)
    {
        if (Role != Role.PreCandidate || response.Term != (response.Granted ? Term.Next : Term)) return;
        _ballot!.Record(response.From, response.Granted);
        var verdict = _ballot.Count(Log.Configuration);
        if (verdict == Verdict.Won) Campaign(isTransfer: false, effects);
        if (verdict == Verdict.Lost) BecomeFollower(Term, null, effects);
    }

    private void Receive(VoteRequest request, Effects effects)
    {
        // Whether the candidate is in the configuration is not asked: this member's may be older than the candidate's.
        var isFree = HardState.Vote == request.From || (HardState.Vote is null && Leader is null);
        var isGranted = isFree && Log.IsNoNewerThan(request.LastTerm, request.LastIndex);
        if (!isGranted)
        {
            effects.Messages.Add(new VoteResponse(Self, request.From, Term, Granted: false));
            return;
        }

        // Persist before answering: a vote forgotten in a crash can elect two leaders in one term (Raft §5.2).
        if (HardState.Vote is null) Persist(HardState with { Vote = request.From }, effects);
        _clock.Restart();
        Writes.SendWhenDurable(new VoteResponse(Self, request.From, Term, Granted: true));
    }

    private void Receive(VoteResponse response, Effects effects)
    {
        if (Role != Role.Candidate) return;
        _ballot!.Record(response.From, response.Granted);
        var verdict = _ballot.Count(Log.Configuration);
        if (verdict == Verdict.Won) BecomeLeader(effects);
        if (verdict == Verdict.Lost) BecomeFollower(Term, null, effects);
    }

    /// <summary>Somebody leads the present term.</summary>
    private void Heed(Message fromLeader)
    {
        Invariant.That(Reign is null);
        Invariant.That(Leader is null || Leader == fromLeader.From);
        Role = Role.Follower;
        Leader = fromLeader.From;
        _ballot = null;
        _clock.Hear();
    }

    private void Receive(Append append, Effects effects)
    {
        if (append.PreviousIndex < Commit)
        {
            // Old news: what is committed agrees already, and an answer moves the leader past it.
            Writes.SendWhenDurable(new AppendAccepted(Self, append.From, Term, Commit));
            return;
        }

        if (Log.TermAt(append.PreviousIndex) != append.PreviousTerm)
        {
            var (hintIndex, hintTerm) = Log.LastAtOrBelow(append.PreviousIndex, append.PreviousTerm);
            // A refusal promises nothing, so that it need not wait for the disk.
            effects.Messages.Add(new AppendRejected(Self, append.From, Term, append.PreviousIndex, hintIndex, hintTerm));
            return;
        }

        foreach (var entry in append.Entries)
        {
            // Cut at a real conflict only: a late, shorter message must not shorten the log behind a newer one (Raft §5.3).
            if (Log.TermAt(entry.Index) == entry.Term) continue;
            if (entry.Index <= Log.LastIndex) CutFrom(entry.Index, effects);
            Append(entry, effects);
        }

        var last = new LogIndex(append.PreviousIndex.Value + (ulong)append.Entries.Count);
        CommitTo(Earliest(append.Commit, last, atLeast: Commit));
        Writes.SendWhenDurable(new AppendAccepted(Self, append.From, Term, last));
    }

    private void Receive(InstallSnapshot install, Effects effects)
    {
        var snapshot = install.Snapshot;
        if (snapshot.Index <= Commit)
        {
            Writes.SendWhenDurable(new AppendAccepted(Self, install.From, Term, Commit));
            return;
        }

        if (Log.TermAt(snapshot.Index) == snapshot.Term)
        {
            // The log already holds what the snapshot stands for; it only did not know that it is committed.
            CommitTo(snapshot.Index);
            Writes.SendWhenDurable(new AppendAccepted(Self, install.From, Term, snapshot.Index));
            return;
        }

        effects.Entries.Clear();
        effects.Committed.Clear();
        effects.Install = snapshot;
        Writes.Open(effects);
        Writes.Reset(snapshot.Index);
        Log.ResetTo(snapshot);
        Snapshot = snapshot;
        Commit = snapshot.Index;
        Applied = snapshot.Index;
        Writes.SendWhenDurable(new AppendAccepted(Self, install.From, Term, snapshot.Index));
    }

    private void CutFrom(LogIndex index, Effects effects)
    {
        Invariant.That(index > Commit);
        Log.CutFrom(index);
        Writes.Open(effects);
        Writes.Cut(index);
        effects.Entries.RemoveAll(entry => entry.Index >= index);
    }

    private void BecomeFollower(Term term, ReplicaId? leader, Effects effects)
    {
        Invariant.That(term >= Term);
        if (term > Term) Persist(new HardState(term, null), effects);
        Role = Role.Follower;
        Leader = leader;
        _ballot = null;
        _clock.Redraw();
        var ended = Reign;
        Reign = null;
        ended?.End(effects, leader);
    }

    private void BecomeLeader(Effects effects)
    {
        Role = Role.Leader;
        Leader = Self;
        _ballot = null;
        _clock.Forget();
        Reign = new Reign(this, effects);
    }

    private void Compact(SnapshotMark snapshot, LogIndex compactTo)
    {
        Invariant.That(snapshot.Index <= Applied);
        if (snapshot.Index > Snapshot.Index) Snapshot = snapshot;
        var floor = compactTo < Snapshot.Index ? compactTo : Snapshot.Index;
        Log.CompactTo(Reign?.CompactionFloor(floor) ?? floor);
    }

    private void Persist(HardState hardState, Effects effects)
    {
        HardState = hardState;
        effects.HardState = hardState;
        Writes.Open(effects);
    }

    private void Release(Effects effects)
    {
        while (Writes.TryRelease(out var message))
        {
            if (message.To != Self) effects.Messages.Add(message);
            else if (message.Term == Term) Receive(message, effects);
        }
    }

    private void HandOutCommitted(Effects effects)
    {
        // Not before it is durable here: then "applied" means the same on every member, and a restart never goes back behind an answer.
        var last = Commit < Writes.Durable ? Commit : Writes.Durable;
        while (Applied < last)
        {
            Applied = Applied.Next;
            effects.Committed.Add(Log[Applied]);
        }
    }

    private IEnumerable<ReplicaId> OtherVoters() =>
        Log.Configuration.Voters.Concat(Log.Configuration.OutgoingVoters).Select(voter => voter.Id).Where(id => id != Self).Distinct();

    private static LogIndex Earliest(LogIndex left, LogIndex right, LogIndex atLeast)
    {
        var earliest = left < right ? left : right;
        return earliest > atLeast ? earliest : atLeast;
    }
}
