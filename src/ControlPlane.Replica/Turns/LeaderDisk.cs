using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>The disk under the leader: hands leadership over when it is slow or full, and while it is full tells every member, so that new writes are refused
/// at the door instead of being sent where they cannot be kept.</summary>
internal sealed class LeaderDisk(RaftNode node, TurnOptions options, IReplicaRim rim)
{
    private readonly DiskWatch _watch = new(options.ElectionTicks);
    private (ReplicaId Leader, string Problem, long Tick)? _told;
    private long _nowTick;

    // Word is repeated more often than it is forgotten, so that a lost message changes nothing.
    private int RepeatTicks => Math.Max(1, options.ElectionTicks / 2);

    private int ForgetTicks => 2 * options.ElectionTicks;

    /// <summary>Why a write that is handed in now could not be kept; null when it can, as far as is known.</summary>
    public string? Problem
    {
        get
        {
            if (node.Leader == node.Self) return _watch.Full;
            return _told is { } told && told.Leader == node.Leader && _nowTick - told.Tick <= ForgetTicks ? told.Problem : null;
        }
    }

    public void Written(ulong number) => _watch.Written(number, node.LastIndex, _nowTick);

    public void Durable(ulong number) => _watch.Durable(number, Furthest().Match, _nowTick);

    /// <param name="problem">What this member's disk says; null: there is room again.</param>
    public void SetFull(string? problem)
    {
        _watch.Full = problem;
        Tell();
    }

    public void Heard(PeerMessage.DiskFull full) => _told = full.Problem.Length == 0 ? null : (full.From, full.Problem, _nowTick);

    public void Tick(Effects effects)
    {
        _nowTick++;
        if (node.Role != Role.Leader) return;
        if (_watch.Full is not null && _nowTick % RepeatTicks == 0) Tell();
        var (peer, match) = Furthest();
        if (peer is { } target && node.TransferTarget is null && _watch.IsHandOverDue(match, node.Commit, _nowTick)) node.Step(new Input.Transfer(target), effects);
    }

    private void Tell()
    {
        if (node.Role != Role.Leader) return;
        foreach (var member in node.Configuration.Members)
        {
            if (member.Id != node.Self) rim.Send(new PeerMessage.DiskFull(node.Self, member.Id, _watch.Full ?? ""));
        }
    }

    /// <summary>The other voter that has most on its disk; nobody on a member that does not lead.</summary>
    private (ReplicaId? Peer, LogIndex Match) Furthest()
    {
        (ReplicaId? Peer, LogIndex Match) furthest = (null, LogIndex.Zero);
        if (node.Role != Role.Leader) return furthest;
        foreach (var voter in node.Configuration.Voters)
        {
            if (voter.Id != node.Self && node.MatchOf(voter.Id) is { } match && match > furthest.Match) furthest = (voter.Id, match);
        }

        return furthest;
    }
}
