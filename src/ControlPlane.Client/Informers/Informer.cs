using System.Collections.Immutable;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;

namespace ControlPlane.Client.Informers;

/// <summary>Keeps a cache of one kind current: lists, then watches, resumes after a cut, and lists again when the server has forgotten the
/// revision it stood at. One task writes (<see cref="RunAsync"/>); any thread reads <see cref="Cache"/>.</summary>
public sealed class Informer
{
    // Enough to publish a burst once instead of a thousand times, small enough that no handler waits long for its change.
    private const int BatchMax = 512;

    private readonly IResourceClient _client;
    private readonly ListQuery _query;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly Random _chance;
    private readonly Lock _delivery = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<Action<ObjectChange>> _handlers = [];
    private volatile ObjectCache _cache;
    private bool _isDelivering;
    private bool _hasProgressed;

    /// <param name="query">Which objects; null: all.</param>
    /// <param name="indexes">Besides name and namespace; null: <see cref="ObjectIndex.ControllerOwner"/>.</param>
    /// <param name="time">Null: the system's.</param>
    /// <param name="chance">Source of jitter; null: shared.</param>
    public Informer(
        IResourceClient client,
        ResourceDescriptor resource,
        ListQuery? query = null,
        ImmutableArray<ObjectIndex>? indexes = null,
        Backoff? backoff = null,
        TimeProvider? time = null,
        Random? chance = null)
    {
        _client = client;
        Resource = resource;
        _query = query ?? ListQuery.All;
        _backoff = backoff ?? Backoff.Connections;
        _time = time ?? TimeProvider.System;
        _chance = chance ?? Random.Shared;
        _cache = ObjectCache.Empty(indexes ?? [ObjectIndex.ControllerOwner]);
    }

    public ResourceDescriptor Resource { get; }

    /// <summary>What exists, as far as is known; empty until the first list. Holding it costs nothing and blocks nobody.</summary>
    public ObjectCache Cache => _cache;

    /// <summary>True once the first list is in the cache; stays true.</summary>
    public bool HasSynced => _synced.Task.IsCompleted;

    /// <summary>The revision the cache has reached.</summary>
    public long Revision => _cache.Revision;

    /// <summary>Called with what interrupted the informer; it goes on by itself. For logs.</summary>
    public Action<Exception>? OnInterrupted { get; init; }

    /// <summary>Completes when the first list is in the cache and its changes were handed out.</summary>
    public Task WhenSynced(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>Subscribes: first to one "added" an object that is already there, then to every change in order. When a handler is called, the cache holds
    /// its change or something later. Handlers run one at a time on the informer's task and must be quick: put a key in a queue.</summary>
    /// <returns>Disposing it ends the subscription.</returns>
    public IDisposable OnChange(Action<ObjectChange> handler)
    {
        lock (_delivery)
        {
            foreach (var item in _cache.All()) handler(new(null, item));
            _handlers = _handlers.Add(handler);
        }

        return new Subscription(this, handler);
    }

    /// <summary>Runs until cancelled; then completes. Fails only when a handler throws, which is a bug in the handler.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var mustList = true;
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = _time.GetTimestamp();
            _hasProgressed = false;
            try
            {
                if (mustList)
                {
                    Replace(await _client.ListAsync(Resource, _query, cancellationToken));
                    mustList = false;
                    _synced.TrySetResult();
                }

                await FollowAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception interrupted) when (!_isDelivering && interrupted is not InvariantViolationException)
            {
                mustList |= interrupted is ApiException { Status.Code: 410 };
                OnInterrupted?.Invoke(interrupted);
            }

            // An event, or a stream that lived a while, starts the count again. One that ends at once must not become a busy loop,
            // not even a list that works followed by a watch that never does.
            failures = _hasProgressed || _time.GetElapsedTime(started) >= _backoff.Cap ? 0 : failures + 1;
            if (failures > 0 && !await WaitAsync(_backoff.After(failures, _chance.NextDouble()), cancellationToken)) return;
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var batch = new List<WatchEvent>();
        await using var events = _client.WatchAsync(Resource, _query, _cache.Revision, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hasMoved = await events.MoveNextAsync();
        while (hasMoved)
        {
            batch.Add(events.Current);
            var next = events.MoveNextAsync();
            // Whatever has already arrived is taken along: one publication for the whole burst.
            if (batch.Count < BatchMax && next.IsCompletedSuccessfully)
            {
                hasMoved = next.Result;
                continue;
            }

            try
            {
                Apply(batch);
            }
            catch
            {
                // The enumerator cannot be disposed while a move is under way, and the move may never end: leave it to the caller's cancellation.
                _ = next.AsTask().ContinueWith(static move => move.Exception, TaskScheduler.Default);
                throw;
            }

            batch.Clear();
            hasMoved = await next;
        }

        Apply(batch);
    }

    private void Replace(ResourceList list)
    {
        var before = _cache;
        var after = before.Replace(list.Items, list.Revision);
        var changes = new List<ObjectChange>();
        foreach (var item in list.Items)
        {
            var old = before.Get(item.Namespace, item.Name);
            // Same revision, same object: an informer that lists again after a cut tells only what is different.
            if (old is null || old.ResourceVersion != item.ResourceVersion || old.Uid != item.Uid) changes.Add(new(old, item));
        }

        foreach (var gone in before.All())
        {
            if (after.Get(gone.Namespace, gone.Name) is null) changes.Add(new(gone, null));
        }

        Publish(after, changes);
    }

    private void Apply(List<WatchEvent> batch)
    {
        _hasProgressed |= batch.Count > 0;
        var cache = _cache;
        var changes = new List<ObjectChange>(batch.Count);
        foreach (var step in batch)
        {
            if (step.Object is not { } item)
            {
                cache = cache.At(step.Revision);
                continue;
            }

            var old = cache.Get(item.Namespace, item.Name);
            if (step.Type == WatchEventType.Deleted && old is null)
            {
                cache = cache.At(step.Revision);
                continue;
            }

            var change = step.Type == WatchEventType.Deleted ? new ObjectChange(old, null) : new ObjectChange(old, item);
            cache = cache.With(change, step.Revision);
            changes.Add(change);
        }

        Publish(cache, changes);
    }

    private void Publish(ObjectCache cache, List<ObjectChange> changes)
    {
        // The lock orders a new subscriber's first look against deliveries: it sees each object once, then each change once.
        lock (_delivery)
        {
            _cache = cache;
            _isDelivering = true;
            foreach (var change in changes)
            {
                foreach (var handler in _handlers) handler(change);
            }

            _isDelivering = false;
        }
    }

    private async Task<bool> WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, _time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed class Subscription(Informer informer, Action<ObjectChange> handler) : IDisposable
    {
        public void Dispose()
        {
            lock (informer._delivery) informer._handlers = informer._handlers.Remove(handler);
        }
    }
}
