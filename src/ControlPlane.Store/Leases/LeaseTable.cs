using System.Collections.Immutable;
using ControlPlane.Store.Trees;

namespace ControlPlane.Store.Leases;

/// <summary>The leases and the keys under each: immutable, as everything a view shows.</summary>
internal sealed class LeaseTable
{
    public static readonly LeaseTable Empty = new(ImmutableSortedDictionary<long, Holding>.Empty);

    private readonly ImmutableSortedDictionary<long, Holding> _holdings;

    private LeaseTable(ImmutableSortedDictionary<long, Holding> holdings) => _holdings = holdings;

    public int Count => _holdings.Count;

    public IEnumerable<Lease> Leases => _holdings.Values.Select(holding => holding.Lease);

    public Lease? Find(LeaseId id) => _holdings.GetValueOrDefault(id.Value)?.Lease;

    public RecordTree KeysOf(LeaseId id) => _holdings.TryGetValue(id.Value, out var holding) ? holding.Keys : default;

    public LeaseTable Add(Lease lease) => new(_holdings.Add(lease.Id.Value, new Holding(lease, default)));

    public LeaseTable Remove(LeaseId id) => new(_holdings.Remove(id.Value));

    /// <summary>Follows one change of a key: it leaves the lease it had and enters the one it has.</summary>
    public LeaseTable Follow(Record? previous, Record? current)
    {
        var holdings = _holdings;
        if (previous is not null && previous.Lease != LeaseId.None && previous.Lease != current?.Lease)
        {
            var left = holdings[previous.Lease.Value];
            holdings = holdings.SetItem(previous.Lease.Value, left with { Keys = left.Keys.Remove(previous.Key.Span, out _) });
        }

        if (current is not null && current.Lease != LeaseId.None)
        {
            var entered = holdings[current.Lease.Value];
            holdings = holdings.SetItem(current.Lease.Value, entered with { Keys = entered.Keys.Put(current, out _) });
        }

        return ReferenceEquals(holdings, _holdings) ? this : new LeaseTable(holdings);
    }

    private sealed record Holding(Lease Lease, RecordTree Keys);
}
