using System.Collections.Concurrent;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.ApiServer.Watches;

/// <summary>Reads the store's changes once for all watchers of this server and sorts them into one feed a kind.</summary>
internal sealed class WatchFeeds : IAsyncDisposable
{
    // Changes taken from the store in one go: enough to batch, little enough that the first watcher does not wait long.
    private const int ChangesPerRead = 512;

    private readonly ConcurrentDictionary<string, ResourceFeed> _feeds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ResourceDescriptor> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ObjectChange>> _batch = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _opening = new();
    private readonly Task _loop;
    private long _processed;
    private long _cursorCount;

    public WatchFeeds(IReplicatedStore store, ResourceRegistry registry)
    {
        Store = store;
        foreach (var resource in registry.All) _resources.TryAdd(ObjectKeys.FeedName(resource), resource);
        _processed = store.Latest.Revision.Value;
        _loop = Task.Run(RunAsync);
    }

    public IReplicatedStore Store { get; }

    /// <summary>Every change up to this revision is in its feed.</summary>
    public long Processed => Volatile.Read(ref _processed);

    /// <summary>How many watchers are open.</summary>
    public long CursorCount => Volatile.Read(ref _cursorCount);

    /// <summary>Ends only when the server stops; faulted means that watches stand still.</summary>
    public Task Completion => _loop;

    /// <summary>Opens a cursor that will read every change above a revision. The caller disposes it.</summary>
    public WatchCursor Open(Selection selection, long afterRevision)
    {
        var feed = FeedOf(ObjectKeys.FeedName(selection.Resource), selection.Resource);
        return new WatchCursor(this, feed, selection, afterRevision);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    /// <summary>Called by cursors.</summary>
    public void Count(int delta) => Interlocked.Add(ref _cursorCount, delta);

    private ResourceFeed FeedOf(string name, ResourceDescriptor resource)
    {
        if (_feeds.TryGetValue(name, out var feed)) return feed;
        // A feed starts where the loop stands: under the lock that the loop holds while it sorts, so that no change falls between.
        lock (_opening) return _feeds.GetOrAdd(name, static (_, arguments) => new ResourceFeed(arguments.resource, arguments.Processed), (resource, Processed));
    }

    private async Task RunAsync()
    {
        var stopping = _stopping.Token;
        try
        {
            while (true)
            {
                await Store.WaitForChangeAsync(new Revision(_processed), stopping);
                while (ReadOnce())
                {
                    stopping.ThrowIfCancellationRequested();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops; watches end on their own tokens.
        }
    }

    private bool ReadOnce()
    {
        var view = Store.Latest;
        if (view.Revision.Value <= _processed) return false;
        lock (_opening)
        {
            switch (view.ReadChanges(new Revision(_processed), ChangesPerRead))
            {
                case ChangesOutcome.Read read:
                    Sort(read.Changes);
                    Volatile.Write(ref _processed, Math.Max(_processed, read.Through.Value));
                    break;
                case ChangesOutcome.Compacted:
                    // We were away for longer than history lasts (a snapshot was installed). Feeds start anew; cursors find out from the store.
                    foreach (var feed in _feeds.Values) feed.Reset(view.Revision.Value);
                    Volatile.Write(ref _processed, view.Revision.Value);
                    break;
            }
        }

        return true;
    }

    private void Sort(IReadOnlyList<Change> changes)
    {
        foreach (var change in changes)
        {
            if (!ObjectKeys.TrySplit(change.Key.Span, out var feedName, out _) || !_feeds.TryGetValue(feedName, out var feed)) continue;
            if (!_batch.TryGetValue(feedName, out var batch)) _batch.Add(feedName, batch = []);
            batch.Add(new ObjectChange(feed.Resource, change));
        }

        foreach (var (feedName, batch) in _batch)
        {
            if (batch.Count == 0) continue;
            _feeds[feedName].Append(batch);
            batch.Clear();
        }
    }
}
