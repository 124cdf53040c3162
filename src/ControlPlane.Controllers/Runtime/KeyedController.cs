using System.Threading.Channels;
using ControlPlane.Client;
using ControlPlane.Client.WorkQueues;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Works on keys: each by one worker at a time, failures with a back-off of the key's own. What a key's work throws stays with the key.</summary>
internal abstract class KeyedController<TKey>(ControllerContext context, string name, int workers) : IController where TKey : notnull
{
    // Ten minutes would hide a fixed quota for too long; a conflict is retried after 5 ms.
    private static readonly Backoff FailureBackoff = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMinutes(1), 0.1);

    public string Name => name;

    protected ControllerContext Context => context;

    protected WorkQueue<TKey> Queue { get; } = new(FailureBackoff, time: context.Time);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WhenReadyAsync(cancellationToken);
            await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The term of leadership is over: nothing to tell.
        }
        finally
        {
            Queue.Dispose();
        }
    }

    /// <summary>Completes when the caches hold their first list: before that everything would look absent.</summary>
    protected abstract Task WhenReadyAsync(CancellationToken cancellationToken);

    /// <summary>Does a key's work.</summary>
    protected abstract Task<Verdict> WorkOnAsync(TKey key, CancellationToken cancellationToken);

    /// <summary>Told of what a key's work threw; the key is retried anyway.</summary>
    protected virtual void OnThrown(TKey key, Exception error)
    {
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TKey key;
            try
            {
                key = await Queue.TakeAsync(cancellationToken);
            }
            catch (ChannelClosedException)
            {
                return;
            }

            try
            {
                Settle(key, await WorkOnAsync(key, cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // A bug in one reconciler, or in its reading of one object, must not stop the others, nor the server.
                var delay = Queue.AddAfterFailure(key);
                context.Notify(new(name, key.ToString() ?? "", $"failed, tried again in {delay.TotalSeconds:0.###} s", error));
                OnThrown(key, error);
            }
            finally
            {
                Queue.Done(key);
            }
        }
    }

    private void Settle(TKey key, Verdict verdict)
    {
        if (verdict.HasFailed)
        {
            // Not inside `?.Invoke(…)`: an argument of a call that is not made is not evaluated, and the key would never come back.
            var delay = Queue.AddAfterFailure(key);
            verdict.OnDelay?.Invoke(delay);
            return;
        }

        if (!verdict.KeepsFailures) Queue.Forget(key);
        if (verdict.After is { } after) Queue.AddAfter(key, after);
    }

    /// <summary>How the work on a key ended.</summary>
    /// <param name="HasFailed">Whether it is tried again with back-off.</param>
    /// <param name="After">When to look again although all is well; null: only on change.</param>
    /// <param name="OnDelay">Called with the back-off chosen.</param>
    /// <param name="KeepsFailures">All is well, but an earlier failure is not over: its back-off goes on growing.</param>
    protected readonly record struct Verdict(bool HasFailed, TimeSpan? After = null, Action<TimeSpan>? OnDelay = null, bool KeepsFailures = false)
    {
        public static Verdict Done(TimeSpan? after = null, bool keepsFailures = false) => new(false, after, null, keepsFailures);

        public static Verdict Failed(Action<TimeSpan>? onDelay = null) => new(true, null, onDelay);
    }
}
