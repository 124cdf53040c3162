using System.Text;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.Client;

namespace ControlPlane.Agent.Pods;

/// <summary>Tells the API what became of pods: patches <c>pods/status</c> and, when a deleted pod has ended, deletes its object for good. A pod waits
/// here as itself, not as a document, so a pod that changed ten times while the API was away is written once, as it is then.</summary>
internal sealed class StatusWriter : IAsyncDisposable
{
    // A refusal that trying again soon cannot change, such as a missing permission.
    private static readonly TimeSpan RefusedRetryInterval = TimeSpan.FromSeconds(30);

    // Unbounded, but a pod is in it at most once.
    private readonly Channel<PodActor> _unwritten = Channel.CreateUnbounded<PodActor>();
    private readonly IResourceClient _client;
    private readonly Deadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly string _scheme;
    private readonly Func<string?, string> _addressOf;
    private readonly Action<string> _notice;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _writers;
    private int _pending;

    /// <param name="scheme">Of container ids.</param>
    /// <param name="addressOf">From a node's name to its address.</param>
    /// <param name="parallelism">How many patches may be under way.</param>
    public StatusWriter(IResourceClient client, Deadlines deadlines, TimeProvider time, string scheme, Func<string?, string> addressOf, int parallelism, Action<string> notice)
    {
        _client = client;
        _deadlines = deadlines;
        _time = time;
        _scheme = scheme;
        _addressOf = addressOf;
        _notice = notice;
        _writers = [.. Enumerable.Range(0, parallelism).Select(_ => Task.Run(() => WriteAsync(_stopping.Token)))];
    }

    public void Enqueue(PodActor actor)
    {
        if (!actor.MarkUnwritten()) return;
        Interlocked.Increment(ref _pending);
        _unwritten.Writer.TryWrite(actor);
    }

    /// <summary>Completes when nothing waits to be written, or the token is cancelled.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _pending) > 0) await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_writers);
        _stopping.Dispose();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var actor in _unwritten.Reader.ReadAllAsync(cancellationToken))
            {
                await actor.Writing.WaitAsync(cancellationToken);
                actor.UnmarkUnwritten();
                TimeSpan? retryAfter;
                try
                {
                    retryAfter = await TryWriteAsync(actor, cancellationToken);
                }
                finally
                {
                    actor.Writing.Release();
                }

                if (retryAfter is { } wait)
                {
                    // It stays pending while it waits for its next try.
                    if (actor.MarkUnwritten()) _deadlines.Add(_time.GetUtcNow() + wait, () => _unwritten.Writer.TryWrite(actor));
                    else Interlocked.Decrement(ref _pending);
                }
                else
                {
                    Interlocked.Decrement(ref _pending);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent stops; the next one tells.
        }
    }

    /// <returns>When to try again, or null when the API knows.</returns>
    private async Task<TimeSpan?> TryWriteAsync(PodActor actor, CancellationToken cancellationToken)
    {
        var (pod, state) = (actor.Pod, actor.State!);
        var key = new ResourceKey(Pod.Resource, pod.Metadata.Namespace, pod.Metadata.Name);
        try
        {
            if (!actor.IsForeign)
            {
                var status = Encoding.UTF8.GetBytes(PodStatusDocument.Render(pod, state, _scheme, _addressOf(pod.Spec.NodeName)).ToJsonString());
                if (actor.WrittenStatus is not { } written || !written.AsSpan().SequenceEqual(status))
                {
                    await _client.PatchAsync(key, "status", PatchKind.StrategicMerge, status, WriteQuery.Default, cancellationToken);
                    actor.WrittenStatus = status;
                }
            }

            if (state.IsOver && pod.Metadata.IsBeingDeleted) await _client.DeleteAsync(key, new(GracePeriodSeconds: 0, Uid: pod.Metadata.Uid), cancellationToken);
            actor.WriteFailures = 0;
            return null;
        }
        catch (ApiException refusal) when (refusal.IsNotFound || refusal.IsConflict)
        {
            // The object is gone, or another has its name. The watch will tell, and end the pod.
            return null;
        }
        catch (ApiException refusal) when (refusal.Status.Code is >= 400 and < 500 and not 408 and not 429)
        {
            _notice($"status of pod {key.Namespace}/{key.Name} was refused: {refusal.Message}; trying again in {RefusedRetryInterval.TotalSeconds:0} s");
            return RefusedRetryInterval;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The server is away. Pods run on; what they became is told when it is back.
            return Backoff.Connections.After(++actor.WriteFailures, Random.Shared.NextDouble());
        }
    }
}
