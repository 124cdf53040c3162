using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>A proposal of a local caller that has no outcome yet.</summary>
internal sealed class OpenProposal(ulong sequence, ReadOnlyMemory<byte> command, Action<ProposalOutcome> complete, long deadlineTick)
{
    public ulong Sequence { get; } = sequence;

    public ReadOnlyMemory<byte> Command { get; } = command;

    public Action<ProposalOutcome> Complete { get; } = complete;

    public long DeadlineTick { get; } = deadlineTick;

    /// <summary>It may be in somebody's log, so that its failure can no longer be promised.</summary>
    public bool MayBeInLog { get; set; }

    /// <summary>Whom it was handed to, or null while it waits to be.</summary>
    public ReplicaId? HandedTo { get; set; }

    /// <summary>It waits to be handed over in the next turn that knows a leader.</summary>
    public bool IsQueued { get; set; }

    public long HandedAtTick { get; set; }
}

/// <summary>The open proposals of one member, in order of arrival.</summary>
internal sealed class OpenProposals(MemberId self, ulong incarnation, TurnOptions options)
{
    private readonly Dictionary<ulong, OpenProposal> _open = [];
    private ulong _oldest = 1;
    private ulong _next = 1;

    public ulong Incarnation => incarnation;

    public int Count => _open.Count;

    /// <summary>Everything below it is settled.</summary>
    public ulong Oldest
    {
        get
        {
            while (_oldest < _next && !_open.ContainsKey(_oldest)) _oldest++;
            return _oldest;
        }
    }

    public IEnumerable<OpenProposal> InOrder
    {
        get
        {
            for (var sequence = Oldest; sequence < _next; sequence++)
            {
                if (_open.TryGetValue(sequence, out var proposal)) yield return proposal;
            }
        }
    }

    public OpenProposal Add(ReadOnlyMemory<byte> command, Action<ProposalOutcome> complete, long nowTick)
    {
        var proposal = new OpenProposal(_next++, command, complete, nowTick + options.RequestTicks);
        _open.Add(proposal.Sequence, proposal);
        return proposal;
    }

    public OpenProposal? Find(ulong sequence) => _open.GetValueOrDefault(sequence);

    public bool IsOpen(OpenProposal proposal) => _open.ContainsKey(proposal.Sequence);

    public void Settle(OpenProposal proposal) => _open.Remove(proposal.Sequence);

    /// <summary>Takes a proposal out; null when it is settled already or not ours.</summary>
    public OpenProposal? Settle(RequestId id) =>
        id.Origin == self && id.Incarnation == incarnation && _open.Remove(id.Sequence, out var proposal) ? proposal : null;

    /// <summary>The oldest proposal whose time is up, taken out.</summary>
    public OpenProposal? SettleExpired(long nowTick)
    {
        // All wait equally long, so that the oldest is the first to expire.
        if (!_open.TryGetValue(Oldest, out var oldest) || oldest.DeadlineTick > nowTick) return null;
        _open.Remove(oldest.Sequence);
        return oldest;
    }
}
