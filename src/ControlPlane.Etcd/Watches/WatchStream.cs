using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Etcd.Services;
using ControlPlane.Store;
using ControlPlane.Store.Watches;
using Google.Protobuf;

namespace ControlPlane.Etcd.Watches;

/// <summary>The watches of one client's stream. One loop writes; the client's requests and the hub only leave something to be written.</summary>
/// <remarks>Lock order: the hub's before this one's.</remarks>
internal sealed class WatchStream(WatchHub hub, ServedStore store, int fragmentBytesMax)
{
    // More waiting than this, and a watch goes on by cursor: at 1 KB an event, a thousand slow watches share at most what history holds anyway.
    private const int PendingEventsMax = 1000;

    // Of a watch that catches up: enough to share a flush, few enough that other watches of the stream have their turn.
    private const int ChangesPerRead = 500;

    private static readonly ByteString FirstKey = ByteString.CopyFrom(0);

    private readonly Lock _gate = new();
    private readonly Signal _work = new();
    private readonly Dictionary<long, Watch> _watches = [];
    private readonly Queue<WatchMessage> _replies = new();
    private readonly Queue<Watch> _queue = new();
    private long _nextId;
    private bool _isProgressAsked;
    private bool _isProgressDue;

    public void Wake() => _work.Set();

    /// <summary>Takes a request of the client. The answer is written by the loop, before anything that the watch sees.</summary>
    public void Take(WatchRequest request)
    {
        switch (request.RequestUnionCase)
        {
            case WatchRequest.RequestUnionOneofCase.CreateRequest:
                Create(request.CreateRequest);
                break;
            case WatchRequest.RequestUnionOneofCase.CancelRequest:
                Cancel(request.CancelRequest.WatchId);
                break;
            case WatchRequest.RequestUnionOneofCase.ProgressRequest:
                lock (_gate) _isProgressAsked = true;
                Wake();
                break;
        }
    }

    /// <summary>Tells watches that asked for it, and had nothing to see for a while, how far the store has come.</summary>
    public void TellProgress()
    {
        lock (_gate) _isProgressDue = _watches.Values.Any(watch => watch.WantsProgress);
        Wake();
    }

    /// <summary>Writes until cancelled.</summary>
    /// <param name="write">Writes without sending.</param>
    /// <param name="flush">Sends what was written; completes when the client has room for more.</param>
    public async Task WriteAsync(Func<WatchMessage, Task> write, Func<ValueTask> flush, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _work.WaitAsync(cancellationToken);
            bool hasWritten;
            do
            {
                hasWritten = false;
                // Looked up first: whatever is queued up to here is written below, and only then is it true that the client has seen it.
                var through = hub.Through;
                for (var left = QueuedCount(); left > 0 && TryTake(out var item); left--)
                {
                    await CarryOutAsync(item, write);
                    hasWritten = true;
                }

                foreach (var progress in Progress(through))
                {
                    await write(progress);
                    hasWritten = true;
                }

                if (hasWritten) await flush();
            }
            while (hasWritten);
        }
    }

    /// <summary>For the hub: lets the watch follow, unless it was cancelled meanwhile.</summary>
    public bool TryBeginFollowing(Watch watch)
    {
        lock (_gate)
        {
            if (watch.IsCancelled) return false;
            return watch.IsFollowing = true;
        }
    }

    /// <summary>For the hub: takes an event for one of its watches.</summary>
    public Offered Offer(Watch watch, SharedEvent one)
    {
        lock (_gate)
        {
            if (!watch.IsFollowing || !watch.Wants(one.Change)) return Offered.NotWanted;
            var pending = watch.Pending;
            if (pending.Count >= PendingEventsMax && pending[^1].Change.Revision != one.Change.Revision)
            {
                FallBehind(watch, new Revision(one.Change.Revision.Value - 1));
                return Offered.Overflown;
            }

            pending.Add(one);
            Enqueue(watch);
            return Offered.Taken;
        }
    }

    /// <summary>For the hub: the watch was offered everything up to <paramref name="offered"/>; what comes after, it reads from history.</summary>
    public void FallBehind(Watch watch, Revision offered)
    {
        lock (_gate)
        {
            watch.IsFollowing = false;
            if (offered > watch.Cursor) watch.Cursor = offered;
            Enqueue(watch);
        }
    }

    /// <summary>The client is gone.</summary>
    public void End()
    {
        List<Watch> watches;
        lock (_gate)
        {
            watches = [.. _watches.Values];
            foreach (var watch in watches) watch.IsCancelled = true;
            _watches.Clear();
        }

        foreach (var watch in watches) hub.Forget(watch);
    }

    private void Create(WatchCreateRequest request)
    {
        var newest = hub.Store.Latest.Revision;
        // An empty key is the first of all keys.
        var range = KeyRange.Of(request.Key.IsEmpty ? FirstKey : request.Key, request.RangeEnd);
        var created = new WatchResponse { Header = store.Header(newest), Created = true };
        lock (_gate)
        {
            if (range.IsEmpty || _watches.ContainsKey(request.WatchId) && request.WatchId != 0)
            {
                (created.WatchId, created.Canceled) = (-1, true);
                created.CancelReason = range.IsEmpty ? "mvcc: watcher range is empty" : "mvcc: duplicate watch ID provided on the WatchStream";
                _replies.Enqueue(new WatchMessage(created));
            }
            else
            {
                var id = request.WatchId;
                if (id == 0)
                {
                    while (_watches.ContainsKey(_nextId)) _nextId++;
                    id = _nextId++;
                }

                created.WatchId = id;
                var watch = new Watch(this, id, request, range, request.StartRevision > 0 ? new Revision(request.StartRevision) : newest.Next);
                _watches.Add(id, watch);
                _replies.Enqueue(new WatchMessage(created));
                Enqueue(watch);
            }
        }

        Wake();
    }

    private void Cancel(long id)
    {
        Watch? watch;
        lock (_gate)
        {
            if (!_watches.Remove(id, out watch)) return;
            watch.IsCancelled = true;
            _replies.Enqueue(new WatchMessage(new WatchResponse { Header = store.Header(), WatchId = id, Canceled = true }));
        }

        hub.Forget(watch);
        Wake();
    }

    private void Enqueue(Watch watch)
    {
        if (watch.IsQueued) return;
        watch.IsQueued = true;
        _queue.Enqueue(watch);
    }

    private int QueuedCount()
    {
        lock (_gate) return _replies.Count + _queue.Count;
    }

    private bool TryTake(out Item item)
    {
        lock (_gate)
        {
            item = default;
            if (_replies.TryDequeue(out var reply))
            {
                item = new Item(reply, null!, [], IsFollowing: true);
                return true;
            }

            while (_queue.TryDequeue(out var watch))
            {
                watch.IsQueued = false;
                if (watch.IsCancelled) continue;
                item = new Item(null, watch, watch.TakePending(), watch.IsFollowing);
                if (watch.IsFollowing && item.Events.Count > 0) watch.Cursor = item.Events[^1].Change.Revision;
                return true;
            }

            return false;
        }
    }

    private async Task CarryOutAsync(Item item, Func<WatchMessage, Task> write)
    {
        if (item.Reply is not null) await write(item.Reply);
        if (item.Events.Count > 0) await SendAsync(item.Watch, item.Events, item.Events[^1].Change.Revision, write);
        if (!item.IsFollowing) await CatchUpAsync(item.Watch, write);
    }

    /// <summary>One step through history; the watch is queued again, or follows.</summary>
    private async Task CatchUpAsync(Watch watch, Func<WatchMessage, Task> write)
    {
        if (hub.TryFollow(watch)) return;
        var view = hub.Store.Latest;
        var outcome = view.ReadChanges(watch.Cursor, ChangesPerRead);
        if (outcome is ChangesOutcome.Compacted(var floor))
        {
            // What was put at the floor is still there, as etcd keeps it; what was deleted there is not, and neither is anything before.
            if (floor != watch.Cursor.Next)
            {
                await CancelCompactedAsync(watch, floor, write);
                return;
            }

            var atFloor = watch.Range.In(view.At(floor)!).Where(record => record.Modified == floor).Select(record => new Change(floor, record.Key, record, null));
            outcome = new ChangesOutcome.Read([.. atFloor], floor);
        }

        var read = (ChangesOutcome.Read)outcome;
        var events = read.Changes.Where(watch.Wants).Select(change => new SharedEvent(change)).ToList();
        if (events.Count > 0) await SendAsync(watch, events, read.Through, write);
        lock (_gate)
        {
            if (read.Through > watch.Cursor) watch.Cursor = read.Through;
            Enqueue(watch);
        }
    }

    private Task CancelCompactedAsync(Watch watch, Revision floor, Func<WatchMessage, Task> write)
    {
        lock (_gate)
        {
            if (watch.IsCancelled) return Task.CompletedTask;
            watch.IsCancelled = true;
            _watches.Remove(watch.Id);
        }

        return write(new WatchMessage(new WatchResponse { Header = store.Header(), WatchId = watch.Id, Canceled = true, CompactRevision = floor.Value }));
    }

    private async Task SendAsync(Watch watch, List<SharedEvent> events, Revision through, Func<WatchMessage, Task> write)
    {
        watch.HasSent = true;
        var encoded = new byte[events.Count][];
        for (var index = 0; index < encoded.Length; index++) encoded[index] = events[index].Encoded(watch.WantsPrevious);
        if (!watch.TakesFragments)
        {
            await write(new WatchMessage(new WatchResponse { Header = store.Header(through), WatchId = watch.Id }, encoded));
            return;
        }

        for (var start = 0; start < encoded.Length;)
        {
            var (end, size) = (start + 1, encoded[start].Length);
            while (end < encoded.Length && size + encoded[end].Length <= fragmentBytesMax) size += encoded[end++].Length;
            var head = new WatchResponse { Header = store.Header(through), WatchId = watch.Id, Fragment = end < encoded.Length };
            await write(new WatchMessage(head, new ArraySegment<byte[]>(encoded, start, end - start)));
            start = end;
        }
    }

    /// <summary>Progress that can be told truthfully now: of all watches only when none has anything to catch up with.</summary>
    private List<WatchMessage> Progress(Revision through)
    {
        var messages = new List<WatchMessage>();
        lock (_gate)
        {
            if (_isProgressDue)
            {
                _isProgressDue = false;
                foreach (var watch in _watches.Values.Where(watch => watch.WantsProgress))
                {
                    if (!watch.HasSent && watch.HasSeen(through)) messages.Add(Of(watch.Id));
                    watch.HasSent = false;
                }
            }

            if (_isProgressAsked && _watches.Values.All(watch => watch.HasSeen(through)))
            {
                _isProgressAsked = false;
                messages.Add(Of(-1));
            }
        }

        return messages;

        WatchMessage Of(long id) => new(new WatchResponse { Header = store.Header(through), WatchId = id });
    }

    /// <summary>One thing to write: a reply, or what a watch has waiting.</summary>
    private readonly record struct Item(WatchMessage? Reply, Watch Watch, List<SharedEvent> Events, bool IsFollowing);
}
