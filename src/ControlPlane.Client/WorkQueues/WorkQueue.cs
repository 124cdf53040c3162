using System.Threading.Channels;

namespace ControlPlane.Client.WorkQueues;

/// <summary>Keys that need work, each at most once. A key is never worked on by two takers at a time: one that is added during its work waits until
/// <see cref="Done"/> and is then handed out again, so that no change is missed and none is worked twice. Safe from any thread.</summary>
/// <remarks>Every taken key must be given back with <see cref="Done"/>. After a failure: <see cref="AddAfterFailure"/>, then Done; after
/// success: <see cref="Forget"/>, then Done.</remarks>
public sealed class WorkQueue<TKey> : IDisposable where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>(new() { AllowSynchronousContinuations = false });
    private readonly HashSet<TKey> _waiting = [];
    private readonly HashSet<TKey> _taken = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Dictionary<TKey, long> _dueTimes = [];
    private readonly PriorityQueue<TKey, long> _delayed = new();
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly Random _chance;
    private readonly int _countMax;
    private readonly ITimer _timer;
    private bool _isCompleted;

    /// <param name="countMax">How many keys may wait, delayed ones included. Keys are names of objects, so the number of objects is the natural bound.</param>
    /// <param name="time">Null: the system's.</param>
    /// <param name="chance">Source of jitter; null: shared.</param>
    public WorkQueue(Backoff? backoff = null, int countMax = 1 << 20, TimeProvider? time = null, Random? chance = null)
    {
        _backoff = backoff ?? Backoff.Work;
        _countMax = countMax;
        _time = time ?? TimeProvider.System;
        _chance = chance ?? Random.Shared;
        _timer = _time.CreateTimer(_ => ReleaseDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys that wait for a taker; delayed ones and those being worked on not counted.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _ready.Reader.Count;
        }
    }

    /// <summary>Keys that wait for their time.</summary>
    public int DelayedCount
    {
        get
        {
            lock (_lock) return _dueTimes.Count;
        }
    }

    /// <summary>Keys taken and not yet given back.</summary>
    public int TakenCount
    {
        get
        {
            lock (_lock) return _taken.Count;
        }
    }

    /// <summary>Asks for work on a key.</summary>
    /// <returns>False when the queue is full or completed and the key was left out; true also when it was already waiting.</returns>
    public bool Add(TKey key)
    {
        lock (_lock) return AddLocked(key);
    }

    /// <summary>Asks for work on a key later. Of several times the earliest counts.</summary>
    /// <returns>As <see cref="Add"/>.</returns>
    public bool AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            if (delay <= TimeSpan.Zero) return AddLocked(key);
            if (_isCompleted) return false;
            var due = _time.GetTimestamp() + ToTimestamp(delay);
            if (_dueTimes.TryGetValue(key, out var earlier))
            {
                if (earlier <= due) return true;
            }
            else if (_waiting.Count + _dueTimes.Count >= _countMax)
            {
                return false;
            }

            // The later entry stays in the heap and is recognised as stale when it comes up: its time is no longer the key's.
            _dueTimes[key] = due;
            _delayed.Enqueue(key, due);
            SetTimer();
            return true;
        }
    }

    /// <summary>Asks for work after the key's own back-off, which grows with every call until <see cref="Forget"/>.</summary>
    /// <returns>The delay chosen.</returns>
    public TimeSpan AddAfterFailure(TKey key)
    {
        TimeSpan delay;
        lock (_lock)
        {
            var failures = _failures[key] = _failures.GetValueOrDefault(key) + 1;
            delay = _backoff.After(failures, _chance.NextDouble());
        }

        AddAfter(key, delay);
        return delay;
    }

    /// <summary>How often a key failed in a row.</summary>
    public int FailuresOf(TKey key)
    {
        lock (_lock) return _failures.GetValueOrDefault(key);
    }

    /// <summary>Ends a key's back-off: it worked, or its object is gone.</summary>
    public void Forget(TKey key)
    {
        lock (_lock) _failures.Remove(key);
    }

    /// <summary>Waits for a key and takes it.</summary>
    /// <exception cref="ChannelClosedException">The queue is completed and empty.</exception>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        Take(key);
        return key;
    }

    /// <summary>Takes a key if one is waiting.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TKey key)
    {
        if (!_ready.Reader.TryRead(out key)) return false;
        Take(key);
        return true;
    }

    /// <summary>Gives a taken key back. If it was added meanwhile it is handed out again.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            Invariant.That(_taken.Remove(key));
            if (_waiting.Contains(key)) _ready.Writer.TryWrite(key);
            if (_isCompleted) CompleteWhenDrained();
        }
    }

    /// <summary>No more keys: what waits is still handed out, what is delayed is dropped, then takers are told.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _isCompleted = true;
            _dueTimes.Clear();
            _delayed.Clear();
            CompleteWhenDrained();
        }
    }

    public void Dispose()
    {
        Complete();
        _timer.Dispose();
    }

    private bool AddLocked(TKey key)
    {
        if (_isCompleted) return false;
        if (_waiting.Contains(key)) return true;
        if (_waiting.Count + _dueTimes.Count >= _countMax) return false;
        _waiting.Add(key);
        if (!_taken.Contains(key)) _ready.Writer.TryWrite(key);
        return true;
    }

    private void Take(TKey key)
    {
        lock (_lock)
        {
            // Between the channel and here an Add sees the key still waiting and leaves it; the work that starts now will see that change.
            _waiting.Remove(key);
            _taken.Add(key);
        }
    }

    private void CompleteWhenDrained()
    {
        // A key that was added during its work still has to come round once; only then is the channel closed.
        foreach (var key in _waiting)
        {
            if (_taken.Contains(key)) return;
        }

        _ready.Writer.TryComplete();
    }

    private void ReleaseDue()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            while (_delayed.TryPeek(out var key, out var due) && due <= now)
            {
                _delayed.Dequeue();
                if (!_dueTimes.TryGetValue(key, out var current) || current != due) continue;
                _dueTimes.Remove(key);
                AddLocked(key);
            }

            SetTimer();
        }
    }

    private void SetTimer()
    {
        if (!_delayed.TryPeek(out _, out var due)) return;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), due);
        // Timers count in milliseconds: rounded up, because one that fires early would find nothing due and spin.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, TimeSpan.FromDays(1).TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    private long ToTimestamp(TimeSpan delay) => (long)Math.Min(delay.TotalSeconds * _time.TimestampFrequency, long.MaxValue / 4);
}
