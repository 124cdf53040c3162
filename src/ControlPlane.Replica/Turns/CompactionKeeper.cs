using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Turns;

/// <summary>Forgets history by time: remembers which revision there was when, and proposes to compact to the one of <see cref="TurnOptions.HistoryTicks"/> ago.</summary>
/// <remarks>Every member remembers by its own ticks and its own state, which is never ahead of the group's: a new leader forgets later, not sooner.
/// History that outgrows its bytes before its time shrinks on each member by itself.</remarks>
internal sealed class CompactionKeeper(TurnOptions options) : ILeaderDuty
{
    // Of the time that history is kept: it lasts up to a tenth longer than asked for.
    private const int SamplesPerSpan = 10;

    private readonly Queue<(long Tick, Revision Revision)> _samples = new();
    private readonly long _sampleTicks = Math.Max(1, (options.HistoryTicks ?? 0) / SamplesPerSpan);
    private Revision _old;
    private long _nowTick;

    public Command? Tick(bool isLeading, bool isWaiting, ReplicaState state)
    {
        if (options.HistoryTicks is not { } historyTicks) return null;
        _nowTick++;
        if (_nowTick % _sampleTicks == 0) _samples.Enqueue((_nowTick, state.View.Revision));
        while (_samples.TryPeek(out var sample) && sample.Tick <= _nowTick - historyTicks) _old = _samples.Dequeue().Revision;
        return isLeading && !isWaiting && _old > state.View.CompactionFloor ? new Compact(_old) : null;
    }
}
