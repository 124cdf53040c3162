using ControlPlane.Raft;
using ControlPlane.Store;

namespace ControlPlane.Replica.Turns;

/// <summary>Linearizable reads of local callers on their way: asked of the leader in batches, then waiting for the state to reach the answer.</summary>
internal sealed class OpenReads(TurnOptions options)
{
    private readonly List<OpenRead> _waiting = [];
    private readonly Dictionary<ulong, AskedBatch> _asked = [];
    private readonly List<(LogIndex Index, List<OpenRead> Reads)> _ready = [];
    private ulong _nextAsk = 1;

    public bool HasWaiting => _waiting.Count > 0;

    public void Add(Action<StoreView?> complete, long nowTick) => _waiting.Add(new OpenRead(complete, nowTick + options.RequestTicks));

    /// <summary>Puts all waiting reads into one question under a number that is never used again, so that a late answer to an earlier attempt fits nothing.</summary>
    public ulong Ask(long nowTick)
    {
        var ask = _nextAsk++;
        _asked.Add(ask, new AskedBatch([.. _waiting], nowTick));
        _waiting.Clear();
        return ask;
    }

    /// <summary>A number for a question on somebody else's behalf.</summary>
    public ulong NextAsk() => _nextAsk++;

    public void Answered(ulong ask, LogIndex index)
    {
        if (_asked.Remove(ask, out var batch)) _ready.Add((index, batch.Reads));
    }

    /// <summary>Nobody confirmed; the reads wait for the next question.</summary>
    public void Refused(ulong ask)
    {
        if (_asked.Remove(ask, out var batch)) _waiting.AddRange(batch.Reads);
    }

    /// <summary>Whoever was asked leads no more, or the question is too old to be answered.</summary>
    public void AskAgain(Func<long, bool> isLost)
    {
        foreach (var ask in _asked.Where(asked => isLost(asked.Value.AskedAtTick)).Select(asked => asked.Key).ToList()) Refused(ask);
    }

    /// <summary>Completes what the state now satisfies.</summary>
    public void Complete(LogIndex applied, StoreView view)
    {
        for (var i = _ready.Count - 1; i >= 0; i--)
        {
            if (_ready[i].Index > applied) continue;
            foreach (var read in _ready[i].Reads) read.Complete(view);
            _ready.RemoveAt(i);
        }
    }

    /// <summary>Gives up on all reads.</summary>
    public void Abandon() => Expire(long.MaxValue);

    /// <summary>Gives up on reads whose time is over.</summary>
    public void Expire(long nowTick)
    {
        Expire(_waiting, nowTick);
        foreach (var batch in _asked.Values) Expire(batch.Reads, nowTick);
        foreach (var (_, reads) in _ready) Expire(reads, nowTick);
    }

    private static void Expire(List<OpenRead> reads, long nowTick)
    {
        foreach (var read in reads.Where(read => read.DeadlineTick <= nowTick)) read.Complete(null);
        reads.RemoveAll(read => read.DeadlineTick <= nowTick);
    }

    private readonly record struct OpenRead(Action<StoreView?> Complete, long DeadlineTick);

    private sealed record AskedBatch(List<OpenRead> Reads, long AskedAtTick);
}
