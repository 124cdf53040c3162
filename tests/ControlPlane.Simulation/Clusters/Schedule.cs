namespace ControlPlane.Simulation.Clusters;

/// <summary>Virtual time: what will happen, in order. Equal times keep the order in which they were planned.</summary>
internal sealed class Schedule
{
    private readonly PriorityQueue<Action, (long At, long Number)> _plans = new();
    private long _number;

    /// <summary>Microseconds since the start.</summary>
    public long Now { get; private set; }

    public void After(long microseconds, Action action) => _plans.Enqueue(action, (Now + microseconds, _number++));

    public bool TryStep()
    {
        if (!_plans.TryDequeue(out var action, out var when)) return false;
        Now = when.At;
        action();
        return true;
    }
}
