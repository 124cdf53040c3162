using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;

namespace ControlPlane.Etcd.Client;

/// <summary>Puts the responses of one watch together to whole revisions.</summary>
internal sealed class WatchBatch(Mirror mirror)
{
    private readonly List<Event> _events = [];

    /// <exception cref="EventsLostException">History that is needed is gone, or the events do not follow from what is known.</exception>
    /// <exception cref="IOException">etcd ended the watch.</exception>
    public void Take(WatchResponse response)
    {
        if (response.CompactRevision > 0) throw new EventsLostException($"etcd has forgotten the changes after revision {mirror.Revision}; its history begins at {response.CompactRevision}");
        if (response.Canceled) throw new IOException($"etcd ended the watch: {response.CancelReason}");
        _events.AddRange(response.Events);
        // A revision may be cut anywhere between fragments.
        if (response.Fragment) return;
        if (response.Events.Count > 0) Deliver();
        // The header of events tells how far etcd is, not how far the watch: only a response that brings none says that there were none.
        else if (!response.Created && _events.Count == 0) mirror.Advance(new Revision(response.Header.Revision));
    }

    private void Deliver()
    {
        for (int start = 0, end; start < _events.Count; start = end)
        {
            var revision = _events[start].Kv.ModRevision;
            for (end = start + 1; end < _events.Count && _events[end].Kv.ModRevision == revision;) end++;
            mirror.Follow(new Revision(revision), _events[start..end]);
        }

        _events.Clear();
    }
}
