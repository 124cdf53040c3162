using ControlPlane.Api.Clients;
using ControlPlane.ApiServer.Watches;

namespace ControlPlane.ApiServer.Live;

/// <summary>What has happened since a client last took something, boiled down to the latest state of each object, in the order of those states' revisions.
/// A client that keeps up sees every change; one that does not sees every object's newest.</summary>
internal sealed class Coalescer
{
    private readonly List<SelectedChange?> _inOrder = [];
    private readonly Dictionary<(string? Namespace, string Name), int> _places = [];

    /// <summary>How many changes went in since the last drain.</summary>
    public int Count => _inOrder.Count;

    public void Add(SelectedChange change)
    {
        var key = (change.Change.Namespace, change.Change.Name);
        if (_places.TryGetValue(key, out var place) && _inOrder[place] is { } earlier)
        {
            _inOrder[place] = null;
            // Came and went unseen: nobody need know.
            if (earlier.Type == WatchEventType.Added && change.Type == WatchEventType.Deleted)
            {
                _places.Remove(key);
                return;
            }

            change = change with { Type = Combine(earlier.Type, change.Type) };
        }

        _places[key] = _inOrder.Count;
        _inOrder.Add(change);
    }

    /// <summary>Takes everything out.</summary>
    public IEnumerable<SelectedChange> Drain()
    {
        foreach (var change in _inOrder)
        {
            if (change is { } kept) yield return kept;
        }

        _inOrder.Clear();
        _places.Clear();
    }

    private static WatchEventType Combine(WatchEventType earlier, WatchEventType later) => (earlier, later) switch
    {
        (WatchEventType.Added, WatchEventType.Modified) => WatchEventType.Added,
        // Gone and back: to who holds the old state it is a change.
        (WatchEventType.Deleted, WatchEventType.Added) => WatchEventType.Modified,
        _ => later,
    };
}
