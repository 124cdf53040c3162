using ControlPlane.Raft;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>Compares the members' states after the same entry. Now and then the leader asks everybody for the hash of the state after an index that it has
/// applied; followers, who come by that index a little later, answer. Whoever differs from a majority stops; where there is none, an alarm is raised.</summary>
/// <param name="options">How often.</param>
/// <param name="self">This member.</param>
/// <param name="members">Everybody who keeps a state, this member included.</param>
/// <param name="applied">What the state at the start includes.</param>
/// <param name="send">Sends or loses.</param>
internal sealed class StateComparison(
    TurnOptions options, ReplicaId self, Func<IReadOnlyList<ReplicaId>> members, LogIndex applied, Action<PeerMessage> send) : ILeaderDuty
{
    // Rounds in a row, all answers that can be had in, without a majority for any hash: more than a lost message, and soon enough.
    private const int UndecidedRoundsMax = 3;

    private readonly Dictionary<ReplicaId, ulong> _answers = [];
    private LogIndex _applied = applied;
    private PeerMessage.AskHash? _asked;
    private (LogIndex Index, ulong Hash)? _told;
    private LogIndex _comparedAt;
    private long _nowTick;
    private int _undecidedRounds;

    /// <exception cref="StateDivergedException">This member leads, and a majority of the others has another state.</exception>
    public Command? Tick(bool isLeading, bool isWaiting, ReplicaState state)
    {
        _nowTick++;
        if (!isLeading)
        {
            _answers.Clear();
            _undecidedRounds = 0;
            return null;
        }

        if (_nowTick % options.CompareTicks != 0) return null;
        var suspects = Undecided();
        Ask(state);
        if (isWaiting) return null;
        var raised = state.View.Alarms;
        var suspect = suspects.FirstOrDefault(member => !raised.Contains(new Alarm(member.Value, AlarmKind.Corrupt)));
        return suspect == default ? null : new SetAlarm(new Alarm(suspect.Value, AlarmKind.Corrupt), IsRaised: true);
    }

    /// <summary>Called after each entry that was applied.</summary>
    public void Applied(LogIndex index, ReplicaState state)
    {
        _applied = index;
        if (_asked is { } asked && asked.Index <= index) Answer(asked, state);
    }

    /// <summary>A state came as a whole.</summary>
    public void Restart(LogIndex index) => (_applied, _asked, _told) = (index, null, null);

    public void Take(PeerMessage.AskHash asked, ReplicaState state)
    {
        if (asked.Index <= _applied) Answer(asked, state);
        else _asked = asked;
    }

    /// <exception cref="StateDivergedException">See there.</exception>
    public void Take(PeerMessage.AnswerHash answer)
    {
        if (answer.Index != _comparedAt || _answers.Count == 0) return;
        _answers[answer.From] = answer.Hash;
        if (MajorityHash() is not { } right) return;
        _undecidedRounds = 0;
        if (_answers[self] != right) throw Diverged(_comparedAt, _answers[self], right);
        foreach (var (member, hash) in _answers)
        {
            if (hash != right) send(new PeerMessage.HashDiffers(self, member, _comparedAt, right));
        }
    }

    /// <exception cref="StateDivergedException">See there.</exception>
    public void Take(PeerMessage.HashDiffers differs)
    {
        if (_told is { } told && told.Index == differs.Index && told.Hash != differs.Hash) throw Diverged(told.Index, told.Hash, differs.Hash);
    }

    private static StateDivergedException Diverged(LogIndex index, ulong own, ulong right) => new(
        $"the state of this member differs from that of the majority after entry {index} (hash {own:x16}, theirs {right:x16}). Its memory or disk is damaged, or its " +
        "program is not the others'. It stops, so that nobody reads from it. Start it again once; should it happen again, remove the member and add it anew");

    private void Ask(ReplicaState state)
    {
        _comparedAt = _applied;
        _answers.Clear();
        _answers[self] = state.Hash;
        foreach (var member in members().Where(member => member != self)) send(new PeerMessage.AskHash(self, member, _comparedAt));
    }

    // A member that is past the index already can not tell any more: it comes into the next round.
    private void Answer(PeerMessage.AskHash asked, ReplicaState state)
    {
        _asked = null;
        if (asked.Index != _applied) return;
        _told = (_applied, state.Hash);
        send(new PeerMessage.AnswerHash(self, asked.From, _applied, state.Hash));
    }

    private ulong? MajorityHash()
    {
        var all = members();
        foreach (var group in _answers.Where(answer => all.Contains(answer.Key)).GroupBy(answer => answer.Value))
        {
            if (2 * group.Count() > all.Count) return group.Key;
        }

        return null;
    }

    /// <summary>Ends a round; members that differ from this one when several rounds have shown no majority.</summary>
    private List<ReplicaId> Undecided()
    {
        if (_answers.Count == 0) return [];
        var own = _answers[self];
        var different = _answers.Where(answer => answer.Value != own).Select(answer => answer.Key).Order().ToList();
        _undecidedRounds = different.Count > 0 && MajorityHash() is null ? _undecidedRounds + 1 : 0;
        return _undecidedRounds >= UndecidedRoundsMax ? different : [];
    }
}
