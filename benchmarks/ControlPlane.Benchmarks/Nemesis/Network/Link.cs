using System.Diagnostics;

namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>What happens to the bytes that travel from one member to another, whoever of the two opened the connection. Set by the schedule, read by every pump.</summary>
internal sealed class Link
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _open = Opened();
    private long _freeAt;

    /// <summary>Connections are reset, and new ones too.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Bytes, ends of streams and resets wait here, as in a network that drops packets: what was sent arrives after the heal, late, or never.</summary>
    public bool IsSilent { get; private set; }

    public TimeSpan Delay { get; private set; }

    /// <summary>0: no limit.</summary>
    public int BytesPerSecond { get; private set; }

    public void Cut() => IsCut = true;

    public void Silence()
    {
        lock (_lock)
        {
            if (IsSilent) return;
            IsSilent = true;
            _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Slow(TimeSpan delay, int bytesPerSecond) => (Delay, BytesPerSecond) = (delay, bytesPerSecond);

    public void Heal()
    {
        lock (_lock)
        {
            (IsCut, IsSilent, Delay, BytesPerSecond) = (false, false, TimeSpan.Zero, 0);
            _open.TrySetResult();
        }
    }

    /// <summary>Completes when the link carries bytes.</summary>
    public async Task OpenAsync(CancellationToken stop)
    {
        while (IsSilent)
        {
            Task open;
            lock (_lock) open = _open.Task;
            await open.WaitAsync(stop);
        }
    }

    /// <summary>When so many bytes, which came now, are through.</summary>
    public long DueAt(int byteCount)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            var sent = BytesPerSecond == 0 ? 0 : Stopwatch.Frequency * byteCount / BytesPerSecond;
            _freeAt = Math.Max(now, _freeAt) + sent;
            return _freeAt + (long)(Delay.TotalSeconds * Stopwatch.Frequency);
        }
    }

    public override string ToString() => IsCut ? "cut" : IsSilent ? "silent" : Delay > TimeSpan.Zero || BytesPerSecond > 0 ? $"slow ({Delay.TotalMilliseconds} ms, {BytesPerSecond} B/s)" : "open";

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        open.SetResult();
        return open;
    }
}
