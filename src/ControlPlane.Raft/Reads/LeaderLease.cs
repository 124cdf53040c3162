namespace ControlPlane.Raft.Reads;

/// <summary>The time in which nobody else can lead, because a majority has just heard this leader and votes for nobody for an election timeout.</summary>
/// <remarks>Counted in this member's ticks from the beginning of a confirmed round. Three things make it shorter than the followers' timeout: their
/// clocks may run faster by the bound, two of their ticks may come right after they heard (one overdue, one in time), and this member's next tick may be
/// due. It trusts clocks, which read rounds do not; hence off by default.</remarks>
internal sealed class LeaderLease(RaftOptions options)
{
    private readonly Queue<(ulong Round, long Tick)> _begun = new();
    private readonly long _lengthTicks = (options.ElectionTicks - 2) * (100L - options.ClockDriftPercentMax) / 100;
    private long _nowTick;
    private long _untilTick;
    private bool _isGivenUp;

    /// <summary>No other leader can have committed anything yet.</summary>
    public bool Holds => !_isGivenUp && _nowTick < _untilTick;

    public void Tick() => _nowTick++;

    /// <summary>A round begins; its heartbeats are not sent yet.</summary>
    public void Begin(ulong round) => _begun.Enqueue((round, _nowTick));

    /// <summary>A majority has answered <paramref name="round"/>.</summary>
    public void Confirm(ulong round)
    {
        while (_begun.TryPeek(out var begun) && begun.Round <= round)
        {
            _untilTick = begun.Tick + _lengthTicks;
            _begun.Dequeue();
        }
    }

    /// <summary>The lease, and every round under way, prove nothing any more.</summary>
    public void Void()
    {
        _begun.Clear();
        _untilTick = _nowTick;
    }

    /// <summary>Somebody was told to campaign without asking for patience. The message may arrive at any time, so that there is no lease in this term any more.</summary>
    public void GiveUp() => _isGivenUp = true;
}
