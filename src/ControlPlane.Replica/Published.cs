namespace ControlPlane.Replica;

/// <summary>A value that one writer publishes and any number of threads read or wait for.</summary>
/// <remarks>Readers do one volatile read. A waiter that comes late sees the newest value only: values are states, not events.</remarks>
public sealed class Published<T>(T initial)
    where T : class
{
    private volatile Edition _edition = new(initial);

    public T Value => _edition.Value;

    /// <summary>Called by the one writer.</summary>
    public void Publish(T value)
    {
        var replaced = _edition;
        _edition = new Edition(value);
        replaced.Replaced.TrySetResult();
    }

    /// <summary>Completes with the first value seen that <paramref name="isWanted"/>; at once when the present one is.</summary>
    public async ValueTask<T> WaitAsync(Func<T, bool> isWanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            var edition = _edition;
            if (isWanted(edition.Value)) return edition.Value;
            await edition.Replaced.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed class Edition(T value)
    {
        public T Value { get; } = value;

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
