namespace ControlPlane.Simulation.Worlds;

/// <summary>Virtual time: what will happen, in order. Equal times keep the order in which they were planned.</summary>
internal sealed class Schedule
{
    // Microseconds above, the number of the plan below: one comparison orders both. 16 million plans and twelve days are more than any run.
    private const int NumberBits = 24;

    private readonly PriorityQueue<Action, ulong> _plans = new();
    private ulong _number;

    /// <summary>Microseconds since the start.</summary>
    public long Now { get; private set; }

    /// <summary>How many plans were carried out.</summary>
    public long StepCount { get; private set; }

    public void After(long microseconds, Action action)
    {
        if (microseconds < 0) throw new ArgumentOutOfRangeException(nameof(microseconds), microseconds, "time does not go back");
        if (_number >> NumberBits != 0) throw new InvalidOperationException("a run of more than 16 million plans; make it shorter");
        _plans.Enqueue(action, ((ulong)(Now + microseconds) << NumberBits) | _number++);
    }

    public bool TryStep()
    {
        if (!_plans.TryDequeue(out var action, out var when)) return false;
        Now = (long)(when >> NumberBits);
        StepCount++;
        action();
        return true;
    }
}
