namespace ControlPlane.Agent.Pods;

/// <summary>Many deadlines on one timer: tens of thousands of pods wait without a task or a timer each.</summary>
internal sealed class Deadlines : IDisposable
{
    private readonly PriorityQueue<Action, DateTimeOffset> _queue = new();
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private DateTimeOffset? _armedFor;

    public Deadlines(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls <paramref name="due"/> once, at or soon after a time. It must be quick and not throw; there is no taking back, so it must be harmless when late.</summary>
    public void Add(DateTimeOffset at, Action due)
    {
        lock (_gate)
        {
            _queue.Enqueue(due, at);
            Arm();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        var due = new List<Action>();
        lock (_gate)
        {
            _armedFor = null;
            var now = _time.GetUtcNow();
            while (_queue.TryPeek(out var action, out var at) && at <= now)
            {
                _queue.Dequeue();
                due.Add(action);
            }

            Arm();
        }

        foreach (var action in due) action();
    }

    private void Arm()
    {
        if (!_queue.TryPeek(out _, out var next) || _armedFor <= next) return;
        _armedFor = next;
        var wait = next - _time.GetUtcNow();

        // A timer rounds down to milliseconds; one more keeps it from ringing just before the time.
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
