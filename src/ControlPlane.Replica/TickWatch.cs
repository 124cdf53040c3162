namespace ControlPlane.Replica;

/// <summary>Notices that time passed of which no tick told: a pause of the process, whose ticks are lost, or a loop that fell behind. Called by the loop only.</summary>
internal sealed class TickWatch(TimeProvider timeProvider, TimeSpan tick)
{
    // Half of what the core allows for clocks that differ (RaftOptions.ClockDriftPercentMax); the other half is for the clocks.
    private const double TolerancePercent = 5;

    private readonly TimeSpan _patience = tick * (1 + (TolerancePercent / 100));
    private long _lastTick = timeProvider.GetTimestamp();

    /// <summary>Call once a batch, when its inputs are complete and none is stepped yet. True when the core must be told that it is late, before anything else.</summary>
    public bool IsLate(bool hasTick)
    {
        var now = timeProvider.GetTimestamp();
        var isLate = timeProvider.GetElapsedTime(_lastTick, now) > _patience;
        if (hasTick) _lastTick = now;
        return isLate;
    }
}
