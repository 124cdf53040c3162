using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>Watches how long this member's own writes take, in ticks, and says when it should not lead any more: an entry is applied, and its caller
/// answered, only when the leader's disk has it, so that one slow disk under the leader makes the whole group slow.</summary>
/// <remarks>A disk is slow only beside another one: what counts are writes that some other voter had on its disk while this member still waited. Where all
/// disks are slow, moving leadership would help nobody.</remarks>
/// <param name="electionTicks">The time in which a group answers a vanished leader; a slow disk should not cost more than that.</param>
internal sealed class DiskWatch(int electionTicks)
{
    // Odd, so that there is a median; enough that a single pause (a snapshot being synced) does not decide.
    private const int SampleCount = 15;

    private readonly Queue<Write> _outstanding = new();
    private readonly long[] _samples = new long[SampleCount];
    private int _nextSample;
    private long _quietUntilTick;

    /// <summary>Why nothing can be written; null while there is room.</summary>
    public string? Full { get; set; }

    // Half a minute at usual ticks: long enough that two slow members do not hand leadership to and fro all the time.
    private int CoolDownTicks => 60 * electionTicks;

    // A full disk is certain, and nothing works while its owner leads.
    private int FullCoolDownTicks => 4 * electionTicks;

    public void Written(ulong number, LogIndex last, long nowTick) => _outstanding.Enqueue(new Write(number, last, nowTick));

    /// <summary>The write and all before it are on the disk.</summary>
    /// <param name="furthest">How far another voter's disk was by then; index 0 on a member that does not lead.</param>
    public void Durable(ulong number, LogIndex furthest, long nowTick)
    {
        while (_outstanding.TryPeek(out var write) && write.Number <= number)
        {
            _outstanding.Dequeue();
            _samples[_nextSample] = furthest >= write.Last ? nowTick - write.Tick : 0;
            _nextSample = (_nextSample + 1) % SampleCount;
        }
    }

    /// <summary>Whether this member, which leads, should hand over now. Says so once, and again only after a while.</summary>
    /// <param name="furthest">How far another voter's disk is.</param>
    /// <param name="committed">What a majority has; who has less is no better leader for a full one.</param>
    public bool IsHandOverDue(LogIndex furthest, LogIndex committed, long nowTick)
    {
        if (nowTick < _quietUntilTick) return false;
        var isFull = Full is not null && furthest >= committed;
        if (!isFull && !IsStuck(furthest, nowTick) && MedianTicks() <= electionTicks / 2) return false;
        _quietUntilTick = nowTick + (isFull ? FullCoolDownTicks : CoolDownTicks);
        Array.Clear(_samples);
        return true;
    }

    private bool IsStuck(LogIndex furthest, long nowTick) =>
        _outstanding.TryPeek(out var oldest) && nowTick - oldest.Tick > electionTicks && furthest >= oldest.Last;

    private long MedianTicks()
    {
        Span<long> sorted = stackalloc long[SampleCount];
        _samples.CopyTo(sorted);
        sorted.Sort();
        return sorted[SampleCount / 2];
    }

    private readonly record struct Write(ulong Number, LogIndex Last, long Tick);
}
