using System.Collections.Concurrent;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;

namespace ControlPlane.Replica.Turns;

/// <summary>Counts the time of every lease in ticks of this member, and says, on the leader, which ones are over.</summary>
/// <remarks>
/// <para>A lease's time is counted from when this member applied its grant or renewal, never from a time that another machine wrote down. Applying
/// comes after proposing, so a member counts late and never early; a pause of the process counts as one tick.</para>
/// <para>One caller; <see cref="Remaining"/> may be asked by any thread.</para>
/// </remarks>
internal sealed class LeaseKeeper(TurnOptions options) : ILeaderDuty
{
    // Of leases in one entry: some kilobytes.
    private const int CheckpointCountMax = 1_000;

    // Read by other threads: the only state of a turn that is, because every question for a lease's time through the loop would cost a turn.
    private readonly ConcurrentDictionary<LeaseId, Countdown> _countdowns = [];
    private readonly PriorityQueue<LeaseId, long> _byDeadline = new();
    private readonly Queue<LeaseId> _toCheckpoint = new();
    private long _nowTick;
    private long _nextCheckpointTick = options.LeaseCheckpointTicks;
    private bool _isLeading;

    /// <summary>What a lease has left by this member's count, at least zero; null when it does not exist here.</summary>
    public TimeSpan? Remaining(LeaseId lease) => _countdowns.TryGetValue(lease, out var countdown)
        ? TimeSpan.FromSeconds(Math.Max(0, countdown.DeadlineTick - Volatile.Read(ref _nowTick)) / options.TicksPerSecond)
        : null;

    /// <summary>Takes over the leases of a state that came as a whole, at a start or from the leader.</summary>
    public void Restart(StoreView view)
    {
        _countdowns.Clear();
        _byDeadline.Clear();
        _toCheckpoint.Clear();
        foreach (var lease in view.Leases) Follow(lease.Id, lease);
    }

    /// <summary>Follows what was applied to one lease; null when it ended. Harmless when repeated.</summary>
    public void Follow(LeaseId id, Lease? lease)
    {
        if (lease is null)
        {
            _countdowns.TryRemove(id, out _);
            return;
        }

        var isKnown = _countdowns.TryGetValue(id, out var known);
        if (isKnown && known!.Lease == lease) return;
        var deadlineTick = _nowTick + TicksOf(lease.RemainingSeconds);
        // The same life with less time: what the leader noted, or what was counted here, whichever is over first; neither is early.
        if (isKnown && known!.Lease.Renewal == lease.Renewal) deadlineTick = Math.Min(deadlineTick, known.DeadlineTick);

        // A lease is queued once, under its first deadline, and queued again when that comes and the lease was renewed; an earlier one must be queued at once.
        var queuedTick = isKnown ? Math.Min(known!.QueuedTick, deadlineTick) : deadlineTick;
        if (!isKnown || queuedTick < known!.QueuedTick) _byDeadline.Enqueue(id, queuedTick);
        _countdowns[id] = new Countdown(lease, deadlineTick, queuedTick);
    }

    Command? ILeaderDuty.Tick(bool isLeading, bool isWaiting, ReplicaState state) => Tick(isLeading, isWaiting);

    /// <summary>Whatever the outcome of a proposal: leases that are still there come up again.</summary>
    public Command? Tick(bool isLeading, bool isWaiting)
    {
        Volatile.Write(ref _nowTick, _nowTick + 1);
        if (isLeading && !_isLeading) GiveGrace();
        _isLeading = isLeading;
        if (!isLeading || isWaiting) return null;
        if (Expired() is { Length: > 0 } expired) return new ExpireLeases([.. expired]);
        return Checkpoint() is { Length: > 0 } checkpoint ? new CheckpointLeases([.. checkpoint]) : null;
    }

    /// <summary>While nobody led, nobody could renew: every lease gets at least the time that an election takes, to hear from its holder.</summary>
    private void GiveGrace()
    {
        _toCheckpoint.Clear();
        _nextCheckpointTick = _nowTick + options.LeaseCheckpointTicks;
        foreach (var (id, countdown) in _countdowns)
        {
            var deadlineTick = Math.Max(countdown.DeadlineTick, _nowTick + options.LeaseGraceTicks);
            _countdowns[id] = countdown with { DeadlineTick = deadlineTick };
        }
    }

    private LeaseSighting[] Expired()
    {
        var expired = new List<LeaseSighting>();
        while (expired.Count < options.LeaseExpiriesPerTickMax && _byDeadline.TryPeek(out var id, out var queuedTick) && queuedTick <= _nowTick)
        {
            _byDeadline.Dequeue();
            if (!_countdowns.TryGetValue(id, out var countdown) || countdown.QueuedTick != queuedTick) continue;
            // Queued again even when it is over: should the proposal get lost, the lease comes up again.
            var nextTick = Math.Max(countdown.DeadlineTick, _nowTick + 1);
            _byDeadline.Enqueue(id, nextTick);
            _countdowns[id] = countdown with { QueuedTick = nextTick };
            if (countdown.DeadlineTick <= _nowTick) expired.Add(new LeaseSighting(id, countdown.Lease.Renewal));
        }

        return [.. expired];
    }

    private LeaseCheckpoint[] Checkpoint()
    {
        if (_nowTick >= _nextCheckpointTick)
        {
            _nextCheckpointTick = _nowTick + options.LeaseCheckpointTicks;
            foreach (var (id, countdown) in _countdowns)
            {
                if (IsWorthNoting(countdown)) _toCheckpoint.Enqueue(id);
            }
        }

        var checkpoint = new List<LeaseCheckpoint>();
        while (checkpoint.Count < CheckpointCountMax && _toCheckpoint.TryDequeue(out var id))
        {
            if (!_countdowns.TryGetValue(id, out var countdown) || !IsWorthNoting(countdown)) continue;
            var remainingSeconds = (long)Math.Ceiling((countdown.DeadlineTick - _nowTick) / options.TicksPerSecond);
            checkpoint.Add(new LeaseCheckpoint(new LeaseSighting(id, countdown.Lease.Renewal), remainingSeconds));
        }

        return [.. checkpoint];
    }

    // A short lease is renewed or over before it is worth an entry.
    private bool IsWorthNoting(Countdown countdown) => countdown.DeadlineTick > _nowTick
        && TicksOf(countdown.Lease.RemainingSeconds) - (countdown.DeadlineTick - _nowTick) >= options.LeaseCheckpointTicks / 2;

    // One tick more because the first may come at once, and one because one may be waiting in the queue already.
    private long TicksOf(long seconds) => (long)Math.Ceiling(seconds * options.TicksPerSecond) + 2;

    /// <param name="QueuedTick">The one entry of the queue that counts.</param>
    private sealed record Countdown(Lease Lease, long DeadlineTick, long QueuedTick);
}
