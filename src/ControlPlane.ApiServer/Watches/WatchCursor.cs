using ControlPlane.Api.Errors;
using ControlPlane.ApiServer.Storage;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.ApiServer.Watches;

/// <summary>One watcher's place in the history of a kind. It pulls; nobody pushes to it, so a slow watcher holds a few numbers and nobody up.
/// Used by one task at a time; disposed by the task that opened it.</summary>
internal sealed class WatchCursor : IDisposable
{
    private readonly WatchFeeds _feeds;
    private readonly ResourceFeed _feed;
    private readonly Signal _signal = new();
    private long _after;
    private long? _position;

    public WatchCursor(WatchFeeds feeds, ResourceFeed feed, Selection selection, long afterRevision)
    {
        _feeds = feeds;
        _feed = feed;
        _after = afterRevision;
        Selection = selection;
        feed.Add(this);
        feeds.Count(1);
    }

    public Selection Selection { get; }

    /// <summary>Everything up to this revision was read; resume after it.</summary>
    public long Revision => _after;

    /// <summary>Adds what is new to <paramref name="changes"/>: whole revisions, about <paramref name="countMax"/>. Never waits.</summary>
    /// <exception cref="ApiException">410 Expired: the history this cursor needs is gone.</exception>
    public void Read(List<SelectedChange> changes, int countMax)
    {
        _position ??= _feed.FirstAfter(_after);
        if (_position is null || !ReadRing(changes, countMax)) ReadHistory(changes, countMax);
    }

    /// <summary>Completes when there may be something new, or after <see cref="Wake"/>.</summary>
    public ValueTask WaitAsync() => _signal.WaitAsync();

    public void Wake() => _signal.Set();

    public void Dispose()
    {
        _feed.Remove(this);
        _feeds.Count(-1);
    }

    private bool ReadRing(List<SelectedChange> changes, int countMax)
    {
        // The order matters: what the hub had processed before we looked at the ring is certainly in the ring.
        var processed = _feeds.Processed;
        var end = _feed.NextSequence;
        var position = _position!.Value;
        var examined = 0;
        var last = _after;
        while (position < end)
        {
            if (_feed.At(position) is not { } change)
            {
                // Overtaken. What was read so far is whole up to _after only if it ends with a revision; the store's history settles it.
                _position = null;
                changes.RemoveAll(read => read.Revision > _after);
                return false;
            }

            if (change.Revision != last)
            {
                if (examined >= countMax) break;
                if (last > _after) _after = last;
                last = change.Revision;
            }

            examined++;
            position++;
            if (change.Revision > _after) Select(change, changes);
        }

        _position = position;
        _after = position == end ? Math.Max(Math.Max(_after, last), processed) : Math.Max(_after, last);
        return true;
    }

    private void ReadHistory(List<SelectedChange> changes, int countMax)
    {
        var view = _feeds.Store.Latest;
        if (_after >= view.Revision.Value) return;
        switch (view.ReadChanges(new Revision(_after), countMax))
        {
            case ChangesOutcome.Compacted compacted:
                throw ApiErrors.Expired($"too old resource version: {_after} ({compacted.Floor})");
            case ChangesOutcome.Read read:
                var prefix = ObjectKeys.Prefix(_feed.Resource, null);
                foreach (var change in read.Changes)
                {
                    if (change.Key.Span.StartsWith(prefix)) Select(new ObjectChange(_feed.Resource, change), changes);
                }

                _after = Math.Max(_after, read.Through.Value);
                // More may be there already, and the hub signals only what is new to it.
                if (_after < view.Revision.Value || _feed.FirstAfter(_after) is { } next && next < _feed.NextSequence) Wake();
                break;
        }
    }

    private void Select(ObjectChange change, List<SelectedChange> changes)
    {
        if (Selection.TypeOf(change, out var usesPrevious) is { } type) changes.Add(new SelectedChange(type, change, usesPrevious));
    }
}
