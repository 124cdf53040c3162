using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Watches;

namespace ControlPlane.Etcd.Watches;

/// <summary>One watch of a stream: what it wants to see, and how far it has seen. While it keeps up it holds a few shared events; when it does not, it holds
/// a cursor and reads history by itself.</summary>
/// <remarks>Its state belongs to its stream's lock.</remarks>
internal sealed class Watch(WatchStream stream, long id, WatchCreateRequest request, KeyRange range, Revision start)
{
    private readonly bool _ignoresPuts = request.Filters.Contains(WatchCreateRequest.Types.FilterType.Noput);
    private readonly bool _ignoresDeletes = request.Filters.Contains(WatchCreateRequest.Types.FilterType.Nodelete);

    public WatchStream Stream => stream;

    public long Id => id;

    public KeyRange Range => range;

    public bool WantsPrevious => request.PrevKv;

    public bool WantsProgress => request.ProgressNotify;

    public bool TakesFragments => request.Fragment;

    /// <summary>Everything up to here was queued or sent, or is not wanted. A watch of the future begins ahead of the store.</summary>
    public Revision Cursor { get; set; } = new(start.Value - 1);

    /// <summary>True while the hub hands over what happens; false while it reads history to catch up.</summary>
    public bool IsFollowing { get; set; }

    /// <summary>Handed over and not sent yet; of whole revisions.</summary>
    public List<SharedEvent> Pending { get; private set; } = [];

    /// <summary>It waits in its stream's queue of watches with something to send.</summary>
    public bool IsQueued { get; set; }

    public bool IsCancelled { get; set; }

    /// <summary>Something was sent since progress was last told of.</summary>
    public bool HasSent { get; set; }

    public bool Wants(Change change) => change.Revision > Cursor && range.Contains(change.Key.Span) && !(change.Current is null ? _ignoresDeletes : _ignoresPuts);

    /// <summary>Nothing up to <paramref name="revision"/> is still to be sent.</summary>
    public bool HasSeen(Revision revision) => IsFollowing && (Pending.Count == 0 || Pending[0].Change.Revision > revision);

    public List<SharedEvent> TakePending()
    {
        var taken = Pending;
        Pending = [];
        return taken;
    }
}
