using System.IO.Pipelines;
using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Etcd.Services;
using ControlPlane.Store;
using ControlPlane.Store.Watches;
using Google.Protobuf;

namespace ControlPlane.Etcd.Watches;

/// <summary>The watches of one client's stream. One loop writes; the client's requests and the hub only leave something to be written.</summary>
/// <param name="hub">Hands over what happens.</param>
/// <param name="store">Tells what stands in headers.</param>
/// <param name="responseBytesMax">Of responses that are made of several revisions, and of fragments where a watch takes them.</param>
/// <remarks>Lock order: the hub's before this one's.</remarks>
internal sealed class WatchStream(WatchHub hub, ServedStore store, int responseBytesMax)
{
    // More waiting than this, and a watch goes on by cursor: at 1 KB an event, a thousand slow watches share at most what history holds anyway.
    private const int PendingEventsMax = 1000;

    // Of a watch that catches up: enough to share a flush, few enough that other watches of the stream have their turn.
    private const int ChangesPerRead = 500;

    // Of a stream, before the client must have made room for them: what several connections of a slow client can hold here.
    private const int UnsentBytesMax = 64 << 10;

    private static readonly ByteString FirstKey = ByteString.CopyFrom(0);

    private readonly Lock _gate = new();
    private readonly Signal _work = new();
    private readonly Dictionary<long, Watch> _watches = [];
    private readonly Queue<WatchResponse> _replies = new();
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

    /// <summary>Writes until cancelled, or until nobody reads any more.</summary>
    /// <param name="body">The call's response, begun already.</param>
    public async Task WriteAsync(PipeWriter body, CancellationToken cancellationToken)
    {
        var frames = new WatchFrames(body);
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
                    CarryOut(item, frames);
                    hasWritten = true;
                    if (frames.WrittenBytes > UnsentBytesMax && !await TryFlushAsync(body, frames, cancellationToken)) return;
                }

                foreach (var progress in Progress(through))
                {
                    frames.Write(progress);
                    hasWritten = true;
                }

                if (frames.WrittenBytes > 0 && !await TryFlushAsync(body, frames, cancellationToken)) return;
            }
            while (hasWritten);
        }
    }

    private static async ValueTask<bool> TryFlushAsync(PipeWriter body, WatchFrames frames, CancellationToken cancellationToken)
    {
        frames.WrittenBytes = 0;
        return !(await body.FlushAsync(cancellationToken)).IsCompleted;
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
                _replies.Enqueue(created);
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
                _replies.Enqueue(created);
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
            _replies.Enqueue(new WatchResponse { Header = store.Header(), WatchId = id, Canceled = true });
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

    private void CarryOut(Item item, WatchFrames frames)
    {
        if (item.Reply is not null) frames.Write(item.Reply);
        if (item.Events.Count > 0) Send(item.Watch, item.Events, item.Events[^1].Change.Revision, frames);
        if (!item.IsFollowing) CatchUp(item.Watch, frames);
    }

    /// <summary>One step through history; the watch is queued again, or follows.</summary>
    private void CatchUp(Watch watch, WatchFrames frames)
    {
        if (hub.TryFollow(watch)) return;
        var view = hub.Store.Latest;
        var outcome = view.ReadChanges(watch.Cursor, ChangesPerRead);
        if (outcome is ChangesOutcome.Compacted)
        {
            // Told where changes begin, not where states do: at the floor of a snapshot the state is there, and what led to it is not.
            CancelCompacted(watch, view.OldestChange, frames);
            return;
        }

        var read = (ChangesOutcome.Read)outcome;
        var events = read.Changes.Where(watch.Wants).Select(change => new SharedEvent(change)).ToList();
        if (events.Count > 0) Send(watch, events, read.Through, frames);
        lock (_gate)
        {
            if (read.Through > watch.Cursor) watch.Cursor = read.Through;
            Enqueue(watch);
        }
    }

    private void CancelCompacted(Watch watch, Revision oldest, WatchFrames frames)
    {
        lock (_gate)
        {
            if (watch.IsCancelled) return;
            watch.IsCancelled = true;
            _watches.Remove(watch.Id);
        }

        frames.Write(new WatchResponse { Header = store.Header(), WatchId = watch.Id, Canceled = true, CompactRevision = oldest.Value });
    }

    /// <summary>Sends events in responses of whole revisions, of about <c>responseBytesMax</c> where there are several.</summary>
    private void Send(Watch watch, List<SharedEvent> events, Revision through, WatchFrames frames)
    {
        watch.HasSent = true;
        var encoded = new byte[events.Count][];
        var (start, whole, size, wholeSize) = (0, 0, 0, 0);
        for (var index = 0; index < encoded.Length; index++)
        {
            encoded[index] = events[index].Encoded(watch.WantsPrevious);
            size += encoded[index].Length;
            var isLastOfRevision = index + 1 == encoded.Length || events[index + 1].Change.Revision != events[index].Change.Revision;
            if (!isLastOfRevision) continue;
            if (size > responseBytesMax && whole > start)
            {
                SendWhole(watch, encoded.AsSpan(start..whole), wholeSize, events[whole - 1].Change.Revision, frames);
                (start, size) = (whole, size - wholeSize);
            }

            (whole, wholeSize) = (index + 1, size);
        }

        SendWhole(watch, encoded.AsSpan(start), size, through, frames);
    }

    private void SendWhole(Watch watch, ReadOnlySpan<byte[]> events, int size, Revision through, WatchFrames frames)
    {
        var header = store.Header(through);
        while (watch.TakesFragments && size > responseBytesMax && events.Length > 1)
        {
            var (count, part) = (1, events[0].Length);
            while (count < events.Length && part + events[count].Length <= responseBytesMax) part += events[count++].Length;
            if (count == events.Length) break;
            frames.Write(header, watch.Id, isFragment: true, events[..count], part);
            events = events[count..];
            size -= part;
        }

        frames.Write(header, watch.Id, isFragment: false, events, size);
    }

    /// <summary>Progress that can be told truthfully now: of all watches only when none has anything to catch up with.</summary>
    private List<WatchResponse> Progress(Revision through)
    {
        var messages = new List<WatchResponse>();
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

        WatchResponse Of(long id) => new() { Header = store.Header(through), WatchId = id };
    }

    /// <summary>One thing to write: a reply, or what a watch has waiting.</summary>
    private readonly record struct Item(WatchResponse? Reply, Watch Watch, List<SharedEvent> Events, bool IsFollowing);
}
