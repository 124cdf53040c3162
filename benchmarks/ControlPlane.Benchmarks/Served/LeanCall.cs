using System.Threading.Tasks.Sources;

namespace ControlPlane.Benchmarks.Served;

/// <summary>One client's call, used again for its next one.</summary>
internal sealed class LeanCall : IValueTaskSource
{
    // On the reader's thread: the next request joins the others that the same read answers.
    private ManualResetValueTaskSourceCore<bool> _source;

    public bool HasMessage { get; set; }

    public ValueTask CallAsync(LeanConnection connection, byte[] headers, byte[] message)
    {
        _source.Reset();
        HasMessage = false;
        connection.Begin(this, headers, message);
        return new ValueTask(this, _source.Version);
    }

    public void End(bool isAnswered)
    {
        if (isAnswered) _source.SetResult(true);
        else _source.SetException(new InvalidOperationException("the server answered with an error, or not at all"));
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
