using System.Collections.Concurrent;

namespace ControlPlane.Etcd.Watches;

/// <summary>Reminds streams now and then to tell watches that nothing happened to.</summary>
internal sealed class ProgressClock : IDisposable
{
    private readonly ConcurrentDictionary<WatchStream, bool> _streams = [];
    private readonly ITimer _timer;

    public ProgressClock(TimeProvider time, TimeSpan interval) => _timer = time.CreateTimer(_ => Tick(), null, interval, interval);

    /// <summary>Until disposed, the stream is reminded.</summary>
    public IDisposable Follow(WatchStream stream)
    {
        _streams.TryAdd(stream, true);
        return new Following(this, stream);
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        foreach (var stream in _streams.Keys) stream.TellProgress();
    }

    private sealed class Following(ProgressClock clock, WatchStream stream) : IDisposable
    {
        public void Dispose() => clock._streams.TryRemove(stream, out _);
    }
}
