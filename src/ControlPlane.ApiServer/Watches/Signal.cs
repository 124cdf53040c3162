using System.Threading.Tasks.Sources;

namespace ControlPlane.ApiServer.Watches;

/// <summary>Wakes one waiter, without allocation: many sets before a wait count as one. Any thread sets; one task waits.</summary>
internal sealed class Signal : IValueTaskSource
{
    private const int Idle = 0;
    private const int IsSet = 1;
    private const int Waiting = 2;

    // A struct with state: must not be readonly. Continuations run on the pool, so that the setter (the one reader of the store) never runs a watcher's code.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    public void Set()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state == IsSet) return;
            var next = state == Waiting ? Idle : IsSet;
            if (Interlocked.CompareExchange(ref _state, next, state) != state) continue;
            if (state == Waiting) _core.SetResult(true);
            return;
        }
    }

    /// <summary>Completes when set; at once if it was set since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle) return new ValueTask(this, _core.Version);
        Volatile.Write(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
