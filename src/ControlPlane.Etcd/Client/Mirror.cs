using System.Text;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using EventType = ControlPlane.Etcd.Protocol.Event.Types.EventType;

namespace ControlPlane.Etcd.Client;

/// <summary>A copy of what etcd keeps under the prefix, at etcd's own revisions: what readers and followers of changes are served from.</summary>
/// <remarks>The watch is the one writer of records; leases and the floor, which no watch tells, are noted by whoever learns of them. Any thread may read.</remarks>
internal sealed class Mirror(KeyLayout layout)
{
    /// <summary>What a lease is taken to live until etcd was asked.</summary>
    public const long UnknownTimeToLiveSeconds = Store.Leases.Lease.TimeToLiveSecondsMax;

    private readonly Lock _writer = new();
    private StoreState _state = new();

    /// <summary>Revision 0 until <see cref="Load"/>.</summary>
    public Published<StoreView> View { get; } = new(new StoreState().View);

    /// <summary>Published after the view of the same revision, so that whoever learns from it that he leads sees all that was written before.</summary>
    public Published<Roster> Roster { get; } = new(Client.Roster.Empty);

    public Revision Revision => View.Value.Revision;

    /// <summary>Told of every lease that a record names and nobody here has granted. Called by the watch; must not wait.</summary>
    public Action<LeaseId> LeaseSeen { get; set; } = static _ => { };

    /// <summary>Starts anew from everything there is at one revision. Followers of changes from before get <c>Compacted</c>.</summary>
    /// <param name="records">All under the prefix, in key order.</param>
    public void Load(Revision revision, IReadOnlyList<KeyValue> records)
    {
        var data = new List<Store.Record>(records.Count);
        var roster = Client.Roster.Empty;
        foreach (var record in records)
        {
            if (layout.TryFromEtcd(record.Key, out _)) data.Add(layout.ToRecord(record));
            else roster = Changed(roster, record.Key, record);
        }

        var seen = new List<LeaseId>();
        lock (_writer)
        {
            // Leases without keys are none of etcd's news; those known here go on until etcd says that they are gone.
            var leases = _state.View.Leases.ToDictionary(lease => lease.Id);
            foreach (var record in data)
            {
                if (record.Lease == LeaseId.None || !leases.TryAdd(record.Lease, new Store.Leases.Lease(record.Lease, UnknownTimeToLiveSeconds))) continue;
                seen.Add(record.Lease);
            }

            var floor = roster.Compacted < revision ? roster.Compacted : revision;
            _state = StoreState.Restore(
                new StoreHead(revision, floor) { Leases = [.. leases.Values.OrderBy(lease => lease.Id.Value)], LeaseRenewals = _state.View.Head.LeaseRenewals }, data);
            View.Publish(_state.View);
        }

        Roster.Publish(roster);
        foreach (var lease in seen) LeaseSeen(lease);
    }

    /// <summary>Takes over what one revision changed under the prefix. A revision that is known already is passed over.</summary>
    /// <exception cref="EventsLostException">The events do not follow from the copy.</exception>
    public void Follow(Revision revision, IReadOnlyList<Event> events)
    {
        if (revision <= Revision) return;
        var changes = new List<AdoptedChange>(events.Count);
        var roster = Roster.Value;
        var seen = new List<LeaseId>();
        lock (_writer)
        {
            foreach (var one in events)
            {
                if (!layout.TryFromEtcd(one.Kv.Key, out var key))
                {
                    roster = Changed(roster, one.Kv.Key, one.Type == EventType.Delete ? null : one.Kv);
                    continue;
                }

                var current = one.Type == EventType.Delete ? null : layout.ToRecord(one.Kv);
                Verify(revision, key, current);
                changes.Add(new AdoptedChange(key, current));
                if (current is null || current.Lease == LeaseId.None || _state.View.GetLease(current.Lease) is not null) continue;
                _state.AdoptLease(current.Lease, UnknownTimeToLiveSeconds);
                seen.Add(current.Lease);
            }

            _state.Adopt(revision, changes);
            if (roster.Compacted > _state.View.CompactionFloor && roster.Compacted <= revision) _state.Apply(new Compact(roster.Compacted));
            View.Publish(_state.View);
        }

        if (!ReferenceEquals(roster, Roster.Value)) Roster.Publish(roster);
        foreach (var lease in seen) LeaseSeen(lease);
    }

    /// <summary>Nothing under the prefix changed up to this revision.</summary>
    public void Advance(Revision revision) => Follow(revision, []);

    /// <summary>A lease that etcd has, with its time to live.</summary>
    public void NoteLease(LeaseId lease, long timeToLiveSeconds)
    {
        lock (_writer)
        {
            if (_state.View.GetLease(lease)?.TimeToLiveSeconds == timeToLiveSeconds) _state.Apply(new RenewLeases([lease]));
            else _state.AdoptLease(lease, timeToLiveSeconds);
            View.Publish(_state.View);
        }
    }

    /// <summary>A lease that etcd no longer has; false while the copy still shows keys under it, whose deletion is on its way.</summary>
    public bool TryForgetLease(LeaseId lease)
    {
        lock (_writer)
        {
            if (_state.View.KeysUnder(lease).Any()) return false;
            _state.Apply(new RevokeLease(lease));
            View.Publish(_state.View);
            return true;
        }
    }

    /// <summary>etcd gave up history; so does the copy, as far as it has come.</summary>
    public Revision NoteCompaction(Revision floor)
    {
        lock (_writer)
        {
            if (floor > _state.View.CompactionFloor && floor <= _state.View.Revision)
            {
                _state.Apply(new Compact(floor));
                View.Publish(_state.View);
            }

            return _state.View.CompactionFloor;
        }
    }

    // A key's versions count its changes since it was made: a gap shows that a watch has lost some, which etcd has been seen to do.
    private void Verify(Revision revision, ReadOnlyMemory<byte> key, Store.Record? current)
    {
        var known = _state.View.Get(key.Span);
        var follows = current is null ? known is not null : current.Version == 1 ? known is null : known is not null && known.Version == current.Version - 1;
        if (follows) return;
        throw new EventsLostException(
            $"at revision {revision} key {Convert.ToHexString(key.Span)} (hex) is said to be {(current is null ? "deleted" : $"at version {current.Version}")}, but {(known is null ? "it is not known" : $"version {known.Version} is known")}");
    }

    private Roster Changed(Roster roster, ByteString key, KeyValue? record)
    {
        var entry = record is null ? null : new RosterEntry(record.Value.ToStringUtf8(), new Revision(record.CreateRevision), new LeaseId(record.Lease));
        if (key == layout.Leader) return roster with { Leader = entry };
        if (key == layout.Compacted) return roster with { Compacted = long.TryParse(entry?.Text, out var floor) ? new Revision(floor) : Store.Revision.Zero };
        if (!key.Span.StartsWith(layout.Servers.Span)) return roster;
        var name = Encoding.UTF8.GetString(key.Span[layout.Servers.Length..]);
        return roster with { Servers = entry is null ? roster.Servers.Remove(name) : roster.Servers.SetItem(name, entry) };
    }
}
