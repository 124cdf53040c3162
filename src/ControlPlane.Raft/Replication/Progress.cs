using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Raft.Replication;

internal enum ProgressState
{
    /// <summary>Looking for the last index both logs share: one message at a time.</summary>
    Probe,

    /// <summary>Logs agree; messages are pipelined up to the window.</summary>
    Replicate,

    /// <summary>A snapshot is on its way; nothing else is sent.</summary>
    Snapshot,
}

/// <summary>What the leader knows about one follower.</summary>
internal sealed class Progress(ReplicaId peer, LogIndex lastIndex, RaftOptions options)
{
    private readonly Queue<(LogIndex Last, int SizeBytes)> _window = new();
    private long _windowBytes;
    private bool _isProbeSent;
    private int _silentTicks = options.ElectionTicks;

    public ReplicaId Peer { get; } = peer;

    public ProgressState State { get; private set; } = ProgressState.Probe;

    /// <summary>Durable at the follower and equal to the leader's log.</summary>
    public LogIndex Match { get; private set; }

    /// <summary>The next entry to send; always above <see cref="Match"/>.</summary>
    public LogIndex Next { get; private set; } = lastIndex.Next;

    /// <summary>Anything came from it within an election timeout.</summary>
    public bool IsRecentlyActive => _silentTicks < options.ElectionTicks;

    /// <summary>The newest read round it has confirmed.</summary>
    public ulong ConfirmedRound { get; set; }

    /// <summary>The commit index it was last told.</summary>
    public LogIndex ToldCommit { get; set; }

    /// <summary>The snapshot on its way, in that state.</summary>
    public LogIndex PendingSnapshot { get; private set; }

    /// <summary>The last index the follower does not need any more, from when a snapshot was sent until it has caught up; null at other times.</summary>
    public LogIndex? CatchUpFrom { get; private set; }

    public void Tick() => _silentTicks = Math.Min(_silentTicks + 1, options.ElectionTicks);

    public void Hear() => _silentTicks = 0;

    public bool MaySend => State switch
    {
        ProgressState.Probe => !_isProbeSent,
        ProgressState.Replicate => _window.Count < options.WindowMessagesMax && _windowBytes < options.WindowBytesMax,
        ProgressState.Snapshot => false,
        _ => throw UnknownState(),
    };

    /// <summary>An append with entries up to <paramref name="last"/> was sent (or none, to probe or to convey the commit index).</summary>
    public void Sent(LogIndex last, int entryCount, int sizeBytes)
    {
        if (State == ProgressState.Probe)
        {
            _isProbeSent = true;
            return;
        }

        Invariant.That(State == ProgressState.Replicate);
        if (entryCount == 0) return;
        Next = last.Next;
        _window.Enqueue((last, sizeBytes));
        _windowBytes += sizeBytes;
    }

    /// <summary>The follower holds the log up to <paramref name="match"/>. True when that is news.</summary>
    public bool Accepted(LogIndex match, LogIndex commit)
    {
        var isNews = match > Match;
        if (isNews) Match = match;
        if (CatchUpFrom <= Match) CatchUpFrom = Match < commit ? Match : null;
        if (Next <= Match) Next = Match.Next;
        while (_window.TryPeek(out var first) && first.Last <= match)
        {
            _windowBytes -= first.SizeBytes;
            _window.Dequeue();
        }

        // A snapshot is over when the follower says that it stands at or beyond it, whatever the transfer reports.
        if (State == ProgressState.Probe || (State == ProgressState.Snapshot && Match >= PendingSnapshot)) Become(ProgressState.Replicate, Match.Next);
        return isNews;
    }

    /// <summary>The follower refused. True when the refusal is news and another probe should go out.</summary>
    public bool Rejected(LogIndex rejected, LogIndex agreement)
    {
        switch (State)
        {
            case ProgressState.Replicate:
                if (rejected <= Match) return false;
                Become(ProgressState.Probe, Match.Next);
                return true;
            case ProgressState.Probe:
                // Only the answer to the probe that is out counts; older ones were overtaken.
                if (Next.Value - 1 != rejected.Value) return false;
                var next = Math.Min(rejected.Value, agreement.Value + 1);
                Become(ProgressState.Probe, new LogIndex(Math.Max(next, Match.Value + 1)));
                return true;
            default:
                return false;
        }
    }

    public void BeginSnapshot(LogIndex snapshot)
    {
        Become(ProgressState.Snapshot, Match.Next);
        PendingSnapshot = snapshot;
        CatchUpFrom = snapshot;
    }

    /// <summary>The transfer ended. The follower's own answer, not this report, says that it holds the snapshot.</summary>
    public void EndSnapshot(bool delivered)
    {
        if (State != ProgressState.Snapshot) return;
        var next = delivered ? new LogIndex(Math.Max(Match.Value, PendingSnapshot.Value) + 1) : Match.Next;
        Become(ProgressState.Probe, next);
    }

    /// <summary>Sends are known to be lost: what is in the window may never arrive.</summary>
    public void Lost()
    {
        if (State == ProgressState.Replicate) Become(ProgressState.Probe, Match.Next);
    }

    /// <summary>The follower answered a heartbeat, so that it is alive; whatever kept sends back may have been lost, and one more may go.</summary>
    public void Unblock()
    {
        _isProbeSent = false;
        if (State == ProgressState.Replicate && !MaySend && _window.TryDequeue(out var first)) _windowBytes -= first.SizeBytes;
    }

    private void Become(ProgressState state, LogIndex next)
    {
        (State, Next) = (state, next);
        _window.Clear();
        _windowBytes = 0;
        _isProbeSent = false;
        PendingSnapshot = LogIndex.Zero;
        Invariant.That(Next > Match);
    }

    [ExcludeFromCodeCoverage]
    private InvalidOperationException UnknownState() => new($"progress state {State}");
}
