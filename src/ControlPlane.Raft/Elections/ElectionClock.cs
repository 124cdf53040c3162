namespace ControlPlane.Raft.Elections;

/// <summary>Counts ticks since the leader was last heard, against a timeout drawn from the seed.</summary>
internal sealed class ElectionClock
{
    private readonly int _electionTicks;
    private ulong _state;
    private int _timeoutTicks;
    private int _sinceLeaderTicks;

    /// <param name="isLoyalAtStart">Whether an earlier life may have heard a leader that still counts on it.</param>
    public ElectionClock(int electionTicks, ulong seed, bool isLoyalAtStart)
    {
        (_electionTicks, _state) = (electionTicks, seed);
        _sinceLeaderTicks = isLoyalAtStart ? 0 : electionTicks;
        Redraw();
    }

    public int Elapsed { get; private set; }

    public bool IsExpired => Elapsed >= _timeoutTicks;

    /// <summary>A leader, of whatever term, was heard within the shortest timeout anyone uses; nobody should depose it.</summary>
    public bool IsLeaderFresh => _sinceLeaderTicks < _electionTicks;

    public void Tick()
    {
        Elapsed++;
        if (_sinceLeaderTicks < _electionTicks) _sinceLeaderTicks++;
    }

    /// <summary>The leader was heard.</summary>
    public void Hear()
    {
        Elapsed = 0;
        _sinceLeaderTicks = 0;
    }

    /// <summary>Whoever was heard is protected no longer.</summary>
    public void Forget() => _sinceLeaderTicks = _electionTicks;

    /// <summary>Starts counting again; the drawn timeout stays.</summary>
    public void Restart() => Elapsed = 0;

    /// <summary>Starts counting again with a new timeout, so that candidates that split the votes do not collide for ever.</summary>
    public void Redraw()
    {
        Elapsed = 0;
        _timeoutTicks = _electionTicks + (int)(NextRandom() % (ulong)_electionTicks);
    }

    // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): enough for jitter, and the same everywhere.
    private ulong NextRandom()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
