using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.Etcd.Watches;

/// <summary>Reads every change once and hands it to the watches that want it. What a watch gets is a reference to an event whose bytes all share.</summary>
internal sealed class WatchHub : IAsyncDisposable
{
    // A turn's worth; a larger step keeps new watches waiting for the lock.
    private const int ChangesPerStep = 1000;

    private readonly CancellationTokenSource _stopping = new();
    private readonly IReplicatedStore _store;
    private readonly Lock _gate = new();
    private readonly WatchIndex _index = new();
    private readonly Signal _hasWatches = new();
    private readonly List<Watch> _found = [];
    private readonly HashSet<WatchStream> _touched = [];
    private readonly Task _following;
    private Revision _through;

    public WatchHub(IReplicatedStore store)
    {
        _store = store;
        _through = store.Latest.Revision;
        Stopping = _stopping.Token;
        _following = FollowAsync(Stopping);
    }

    public IReplicatedStore Store => _store;

    /// <summary>Ends when the face stops; streams end with it.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Everything up to here was handed to the watches that follow.</summary>
    public Revision Through
    {
        get
        {
            lock (_gate) return _through;
        }
    }

    /// <summary>Lets a watch follow from its cursor on; false when the hub is further already, so that the watch must read on by itself.</summary>
    public bool TryFollow(Watch watch)
    {
        lock (_gate)
        {
            if (_index.Count == 0) _through = StartFor(watch, _store.Latest);
            if (watch.Cursor < _through || !watch.Stream.TryBeginFollowing(watch)) return false;
            _index.Add(watch);
        }

        _hasWatches.Set();
        return true;
    }

    public void Forget(Watch watch)
    {
        lock (_gate) _index.Remove(watch);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _following;
        _stopping.Dispose();
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                if (IsIdle()) await _hasWatches.WaitAsync(stopping);
                await _store.WaitForChangeAsync(Through, stopping);
                HandOut(_store.Latest);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return;
        }
        catch
        {
            // A bug. Streams that would hear nothing more end; the owner hears of it when it disposes the hub.
            await _stopping.CancelAsync();
            throw;
        }
    }

    /// <summary>Nobody follows, so that nobody is bound to where the hub stood: it begins where the first watch needs it, if that is near.</summary>
    private static Revision StartFor(Watch watch, StoreView view)
    {
        if (watch.Cursor >= view.Revision) return view.Revision;
        return watch.Cursor >= view.Floor && view.Revision.Value - watch.Cursor.Value <= ChangesPerStep ? watch.Cursor : view.Revision;
    }

    private bool IsIdle()
    {
        lock (_gate) return _index.Count == 0;
    }

    private void HandOut(StoreView view)
    {
        lock (_gate)
        {
            if (_index.Count == 0) return;
            switch (view.ReadChanges(_through, ChangesPerStep))
            {
                case ChangesOutcome.Read(var changes, var through):
                    foreach (var change in changes) HandOut(new SharedEvent(change));
                    _through = through;
                    break;
                case ChangesOutcome.Compacted:
                    // This member got a snapshot from another, with a gap. Each watch learns of it when it reads by itself.
                    foreach (var watch in _index.All)
                    {
                        watch.Stream.FallBehind(watch, _through);
                        _touched.Add(watch.Stream);
                    }

                    _index.Clear();
                    _through = view.Revision;
                    break;
            }
        }

        foreach (var stream in _touched) stream.Wake();
        _touched.Clear();
    }

    private void HandOut(SharedEvent one)
    {
        _found.Clear();
        _index.Find(one.Change.Key.Span, _found);
        foreach (var watch in _found)
        {
            switch (watch.Stream.Offer(watch, one))
            {
                case Offered.Taken:
                    _touched.Add(watch.Stream);
                    break;
                case Offered.Overflown:
                    _index.Remove(watch);
                    _touched.Add(watch.Stream);
                    break;
            }
        }
    }
}

/// <summary>What became of an event that was offered to a watch.</summary>
internal enum Offered
{
    NotWanted,
    Taken,

    /// <summary>The watch has too much waiting; it goes on by reading history.</summary>
    Overflown,
}
