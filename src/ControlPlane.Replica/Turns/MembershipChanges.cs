using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;

namespace ControlPlane.Replica.Turns;

/// <summary>Changes of the group on their way: one at a time through the leader's log, the others wait. Also what the leader writes down about members by itself.</summary>
internal sealed class MembershipChanges : IGroupFacts
{
    // Contexts of the core's answers are shared with proposals and reads, which never count this far.
    private const ulong ContextBit = 1UL << 63;

    // Operators' questions of other members whose answers are kept for a repetition; they come by hand, a few a minute.
    private const int HeardMax = 256;

    private readonly List<OpenChange> _waiting = [];
    private readonly Dictionary<ulong, OpenChange> _asked = [];
    private readonly List<(OpenChange Change, MembershipOutcome Outcome)> _outcomes = [];
    private readonly Dictionary<(ReplicaId, ulong, ulong), MembershipOutcome?> _heard = [];
    private readonly Queue<(ReplicaId, ulong, ulong)> _heardInOrder = new();
    private readonly Queue<LogIndex> _commits = new();
    private readonly RaftNode _node;
    private readonly TurnOptions _options;
    private readonly PeerContacts _contacts;
    private readonly IReplicaRim _rim;
    private readonly ulong _incarnation;
    private readonly bool _knowsDisks;
    private OpenChange? _current;
    private OpenChange? _transfer;
    private long _transferDeadlineTick;
    private ulong _currentContext = ContextBit;
    private ulong _nextAsk = 1;
    private long _nowTick;
    private bool _mayStart = true;

    /// <param name="own">What this member says about itself; null where members have neither disks nor versions of their own.</param>
    public MembershipChanges(RaftNode node, TurnOptions options, Introduction? own, ulong incarnation, IReplicaRim rim)
    {
        (_node, _options, _rim, _incarnation, _knowsDisks) = (node, options, rim, incarnation, own is not null);
        _contacts = new PeerContacts(node.Self, own);
        Committed = node.MarkAt(node.Applied).Configuration;
    }

    /// <summary>The newest configuration that is applied, and so will never be taken back.</summary>
    public Configuration Committed { get; private set; }

    public (Term Term, LogIndex Index) NextEntry => (_node.Term, _node.LastIndex.Next);

    public bool KnowsDisks => _knowsDisks;

    public IReadOnlyList<MemberStatus> Members => [.. _node.Configuration.Members.Select(StatusOf)];

    public static bool Owns(ulong context) => (context & ContextBit) != 0;

    public bool IsReachable(ReplicaId member) => _contacts.SilentTicks(member, _nowTick) <= _options.ElectionTicks;

    public bool HasCaughtUp(ReplicaId member)
    {
        var wanted = _commits.Count < _options.ElectionTicks ? _node.Commit : _commits.Peek();
        return _node.MatchOf(member) >= wanted;
    }

    public LogIndex MatchOf(ReplicaId member) => _node.MatchOf(member) ?? LogIndex.Zero;

    public void Heard(ReplicaId peer) => _contacts.Heard(peer, _nowTick);

    public void Introduced(ReplicaId peer, Introduction introduction) => _contacts.Introduced(peer, introduction);

    /// <summary>A caller of this member wants a change.</summary>
    public void Take(MembershipRequest request, Action<MembershipOutcome> complete) =>
        _waiting.Add(new OpenChange(request, complete, _nowTick + _options.RequestTicks));

    /// <summary>Another member's caller wants one.</summary>
    public void Take(PeerMessage.AskChange ask)
    {
        void Answer(MembershipOutcome? outcome) => _rim.Send(new PeerMessage.AnswerChange(_node.Self, ask.From, ask.Incarnation, ask.Ask, outcome));
        var number = (ask.From, ask.Incarnation, ask.Ask);
        if (_heard.TryGetValue(number, out var known))
        {
            // Asked again, because the answer may be lost; while there is none, it will come.
            if (known is not null) Answer(known);
        }
        else if (_node.Role == Role.Leader)
        {
            Remember(number);
            Take(ask.Request, outcome =>
            {
                _heard[number] = outcome;
                Answer(outcome);
            });
        }
        else
        {
            Answer(null);
        }
    }

    public void Take(PeerMessage.AnswerChange answer)
    {
        if (answer.Incarnation != _incarnation || !_asked.Remove(answer.Ask, out var change)) return;
        if (answer.Outcome is { } outcome)
        {
            Settle(change, outcome);
            return;
        }

        // It does not lead (any more). Not at once: a member that knows no better would be asked again in a circle.
        change.AskedOf = null;
        _waiting.Add(change);
        _mayStart = false;
    }

    public void Tick()
    {
        _nowTick++;
        _mayStart = true;
        _commits.Enqueue(_node.Commit);
        if (_commits.Count > _options.ElectionTicks) _commits.Dequeue();
        foreach (var late in _waiting.Where(change => change.DeadlineTick <= _nowTick).ToList()) GiveUp(late);
        foreach (var (ask, late) in _asked.Where(asked => asked.Value.DeadlineTick <= _nowTick).ToList())
        {
            _asked.Remove(ask);
            Settle(late, new MembershipOutcome.Unknown("the leader did not answer in time; list the members before trying again"));
        }

        foreach (var (ask, change) in _asked.Where(asked => _nowTick - asked.Value.AskedAtTick >= _options.ResendTicks)) Ask(ask, change);
        if (_current is { } current && current.DeadlineTick <= _nowTick)
        {
            _current = null;
            Settle(current, new MembershipOutcome.Unknown("no majority confirmed the change in time; list the members before trying again"));
        }
    }

    /// <summary>Begins what can begin; once a turn, after its inputs.</summary>
    public void Advance(Effects effects)
    {
        FollowTransfer();
        if (!_mayStart) return;
        if (_node.Role == Role.Leader) Start(effects);
        else AskLeader();
    }

    /// <summary>What the core says to a change of this member's.</summary>
    public void Answered(Answer answer)
    {
        if (_current is null || answer.Context != _currentContext) return;
        if (answer is Answer.Proposed(_, var term, var index))
        {
            _current.Place = (term, index);
            return;
        }

        // Something is under way that only the core sees; the next tick tries again. A note of the leader's own comes up anew by itself.
        if (_current.Request is not null) _waiting.Insert(0, _current);
        (_current, _mayStart) = (null, false);
    }

    /// <summary>An entry was applied.</summary>
    public void Applied(Entry entry)
    {
        if (entry.Kind == EntryKind.Configuration) Adopt(entry.Configuration!);
        if (_current?.Place is not { } place || entry.Index < place.Index) return;
        var current = _current;
        _current = null;
        if (entry.Index == place.Index && entry.Term == place.Term) Settle(current, new MembershipOutcome.Done(StatusOf(current.Subject!)));
        else Settle(current, Refused(MembershipProblem.NoLeader, "the leader changed before the change was confirmed, and it did not come to pass; try again"));
    }

    /// <summary>A snapshot took the log's place.</summary>
    public void Installed(SnapshotMark mark)
    {
        Adopt(mark.Configuration);
        if (_current?.Place is not { } place || place.Index > mark.Index) return;
        var current = _current;
        _current = null;
        Settle(current, new MembershipOutcome.Unknown("the leader changed before the change was confirmed; list the members before trying again"));
    }

    public void Abandon()
    {
        foreach (var change in _waiting) Settle(change, Refused(MembershipProblem.NoLeader, "the member is stopping"));
        List<OpenChange?> begun = [.. _asked.Values, _current, _transfer];
        foreach (var change in begun.OfType<OpenChange>()) Settle(change, new MembershipOutcome.Unknown("the member stopped before the change was confirmed"));
        _waiting.Clear();
        _asked.Clear();
        (_current, _transfer) = (null, null);
        Tell();
    }

    /// <summary>Answers the callers; last in a turn, so that one who goes on at once finds everything in place.</summary>
    public void Tell()
    {
        foreach (var (change, outcome) in _outcomes) change.Complete(outcome);
        _outcomes.Clear();
    }

    private static MembershipOutcome Refused(MembershipProblem problem, string reason) => new MembershipOutcome.Refused(problem, reason);

    private void Settle(OpenChange change, MembershipOutcome outcome) => _outcomes.Add((change, outcome));

    // Whoever asked for a removal sees it here; the leader's word may come too late, above all to the member that is removed.
    private void Adopt(Configuration committed)
    {
        foreach (var (ask, change) in _asked.ToList())
        {
            if (change.Request is not MembershipRequest.Remove(var gone) || !committed.Removed.Contains(gone)) continue;
            if (MembershipRules.Find(Committed, gone) is not { } member) continue;
            _asked.Remove(ask);
            Settle(change, new MembershipOutcome.Done(StatusOf(member)));
        }

        Committed = committed;
    }

    private void GiveUp(OpenChange change)
    {
        _waiting.Remove(change);
        Settle(change, _node.Role == Role.Leader
            ? Refused(MembershipProblem.ChangeUnderWay, "another change of the group is not confirmed yet; try again")
            : Refused(MembershipProblem.NoLeader, "no leader is known; retry when the members see each other again"));
    }

    private void AskLeader()
    {
        if (_waiting.Count == 0 || _node.Leader is not { } leader) return;
        foreach (var change in _waiting)
        {
            var ask = _nextAsk++;
            change.AskedOf = leader;
            _asked.Add(ask, change);
            Ask(ask, change);
        }

        _waiting.Clear();
    }

    // The same member under the same number, so that it is done once; another leader would do it a second time.
    private void Ask(ulong ask, OpenChange change)
    {
        change.AskedAtTick = _nowTick;
        _rim.Send(new PeerMessage.AskChange(_node.Self, change.AskedOf!.Value, _incarnation, ask, change.Request!));
    }

    private void Remember((ReplicaId, ulong, ulong) number)
    {
        _heard.Add(number, null);
        _heardInOrder.Enqueue(number);
        if (_heardInOrder.Count > HeardMax) _heard.Remove(_heardInOrder.Dequeue());
    }

    // Not before an entry of this term is applied, and not while a change is joint: the core would refuse.
    private void Start(Effects effects)
    {
        while (_current is null && _transfer is null && _mayStart && _node.IsReady && _node.Configuration.OutgoingVoters.IsEmpty && _waiting.Count > 0)
        {
            var change = _waiting[0];
            _waiting.RemoveAt(0);
            if (change.Request is MembershipRequest.MoveLeader(var target)) Transfer(change, target, effects);
            else Decide(change, effects);
        }

        if (_knowsDisks && _current is null && _transfer is null && _mayStart && _node.IsReady && _node.Configuration.OutgoingVoters.IsEmpty) WriteDown(effects);
    }

    private void Decide(OpenChange change, Effects effects)
    {
        switch (MembershipRules.Decide(_node.Configuration, change.Request!, this))
        {
            case MembershipDecision.Refuse(var problem, var reason):
                Settle(change, Refused(problem, reason));
                break;
            case MembershipDecision.Change(var next, var subject):
                change.Subject = subject;
                Propose(change, next, effects);
                break;
        }
    }

    private void WriteDown(Effects effects)
    {
        // Once a tick at most.
        _mayStart = false;
        var present = _node.Configuration;
        var next = MembershipRules.WriteDown(present, _contacts.Introductions);
        if (next == present) return;
        var note = new OpenChange(null, static _ => { }, _nowTick + _options.RequestTicks) { Subject = present.Voters[0] };
        Propose(note, next, effects);
    }

    private void Propose(OpenChange change, Configuration next, Effects effects)
    {
        _current = change;
        _currentContext++;
        _node.Step(new Input.ChangeConfiguration(_currentContext, next), effects);
    }

    private void Transfer(OpenChange change, ReplicaId? target, Effects effects)
    {
        switch (MembershipRules.ChooseTransferee(_node.Configuration, target, _node.Self, this))
        {
            case MembershipDecision.Refuse(var problem, var reason):
                Settle(change, Refused(problem, reason));
                break;
            case MembershipDecision.Change(_, var subject) when subject.Id == _node.Self:
                Settle(change, new MembershipOutcome.Done(StatusOf(subject)));
                break;
            case MembershipDecision.Change(_, var subject):
                change.Subject = subject;
                _transfer = change;
                // The core gives up after an election timeout; the next leader's first word takes a moment more.
                _transferDeadlineTick = _nowTick + (2 * _options.ElectionTicks);
                _node.Step(new Input.Transfer(subject.Id), effects);
                break;
        }
    }

    private void FollowTransfer()
    {
        // Whoever asked for a transfer sees it happen; the word of the leader that was may be late.
        if (_node.Leader is { } present && _asked.Count > 0)
        {
            foreach (var (ask, moved) in _asked.Where(asked => asked.Value.Request is MembershipRequest.MoveLeader && asked.Value.AskedOf != present).ToList())
            {
                _asked.Remove(ask);
                var isWanted = moved.Request is MembershipRequest.MoveLeader(var wanted) && (wanted is null || wanted == present);
                if (isWanted && MembershipRules.Find(_node.Configuration, present) is { } member) Settle(moved, new MembershipOutcome.Done(StatusOf(member)));
                else Settle(moved, Refused(MembershipProblem.BadTransferee, "another member took over"));
            }
        }

        if (_transfer is not { } transfer) return;
        var hasMoved = _node.Leader is { } leader && leader != _node.Self;
        if (!hasMoved && _nowTick < _transferDeadlineTick) return;
        _transfer = null;
        Settle(transfer, _node.Leader == transfer.Subject!.Id
            ? new MembershipOutcome.Done(StatusOf(transfer.Subject))
            : Refused(MembershipProblem.BadTransferee, $"{transfer.Subject.Name} did not take over in time"));
    }

    private MemberStatus StatusOf(Member member) => new(new MemberId(member.Id.Value), member.Name, member.PeerAddress, RoleOf(member.Id), (long?)_node.MatchOf(member.Id)?.Value)
    {
        SilentTicks = _contacts.SilentTicks(member.Id, _nowTick),
        HasStarted = !_knowsDisks || member.DiskId != 0,
        VersionLevel = _contacts.Introductions.GetValueOrDefault(member.Id)?.Level,
    };

    private MemberRole RoleOf(ReplicaId id)
    {
        if (id == _node.Leader) return MemberRole.Leader;
        return _node.Configuration.IsVoter(id) ? MemberRole.Follower : MemberRole.Learner;
    }
}
