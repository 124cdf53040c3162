using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>When a snapshot is due, and how much of the log stays before it. The log from there on lies in memory and is what a start repeats.</summary>
internal sealed class SnapshotPlan(TurnOptions options)
{
    // Steps in which the kept bytes are reckoned: an eighth of them may stay longer.
    private const int StepsPerKept = 8;

    // The ends of the last steps of applied bytes.
    private readonly Queue<(LogIndex Index, long AppliedBytes)> _steps = new();
    private LogIndex _keptFrom;
    private long _appliedBytes;
    private long _nextStepBytes;
    private long _appliedEntriesSince;
    private long _appliedBytesSince;
    private long _lastSizeBytes;
    private bool _isSaving;

    /// <summary>Half the last snapshot's size is enough: what writing snapshots costs stays at about twice what writing the log does, however large the state grows.</summary>
    public bool IsDue => !_isSaving
        && (_appliedEntriesSince >= options.SnapshotEntries || _appliedBytesSince >= Math.Max(options.SnapshotBytes, _lastSizeBytes / 2));

    public void Applied(LogIndex index, long sizeBytes)
    {
        _appliedEntriesSince++;
        _appliedBytesSince += sizeBytes;
        _appliedBytes += sizeBytes;
        if (_appliedBytes >= _nextStepBytes)
        {
            _steps.Enqueue((index, _appliedBytes));
            _nextStepBytes = _appliedBytes + (options.KeptBytes / StepsPerKept);
        }

        while (_steps.TryPeek(out var step) && _appliedBytes - step.AppliedBytes > options.KeptBytes) _keptFrom = _steps.Dequeue().Index;
    }

    /// <summary>A state came as a whole.</summary>
    public void Restart()
    {
        _steps.Clear();
        (_appliedEntriesSince, _appliedBytesSince) = (0, 0);
    }

    public void Begin()
    {
        _isSaving = true;
        (_appliedEntriesSince, _appliedBytesSince) = (0, 0);
    }

    /// <summary>There was no room; tried again when as much as before has been applied.</summary>
    public void NotSaved() => _isSaving = false;

    /// <summary>Returns up to where the log is needed no more, for followers that are a little behind.</summary>
    public LogIndex Saved(LogIndex index, long sizeBytes)
    {
        _isSaving = false;
        _lastSizeBytes = sizeBytes;
        var byCount = index.Value > options.KeptEntries ? index.Value - options.KeptEntries : 0;
        return new LogIndex(Math.Min(index.Value, Math.Max(byCount, _keptFrom.Value)));
    }
}
