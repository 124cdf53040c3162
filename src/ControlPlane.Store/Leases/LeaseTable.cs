using System.Collections.Immutable;
using ControlPlane.Store.Trees;

namespace ControlPlane.Store.Leases;

/// <summary>The leases and the keys under each: immutable, as everything a view shows.</summary>
internal sealed class LeaseTable
{
    public static readonly LeaseTable Empty = new(ImmutableSortedDictionary<long, Holding>.Empty, 0);

    private readonly ImmutableSortedDictionary<long, Holding> _holdings;

    private LeaseTable(ImmutableSortedDictionary<long, Holding> holdings, long renewals) => (_holdings, Renewals) = (holdings, renewals);

    /// <summary>How many grants and renewals there were; each gets the next number, so that a number never names two lives of a lease.</summary>
    public long Renewals { get; }

    public int Count => _holdings.Count;

    public IEnumerable<Lease> Leases => _holdings.Values.Select(holding => holding.Lease);

    public Lease? Find(LeaseId id) => _holdings.GetValueOrDefault(id.Value)?.Lease;

    public RecordTree KeysOf(LeaseId id) => _holdings.TryGetValue(id.Value, out var holding) ? holding.Keys : default;

    /// <summary>The table that a snapshot describes.</summary>
    /// <exception cref="ArgumentException">A lease comes twice, or was renewed more recently than anything was.</exception>
    public static LeaseTable Restore(IEnumerable<Lease> leases, long renewals)
    {
        var holdings = ImmutableSortedDictionary.CreateBuilder<long, Holding>();
        foreach (var lease in leases)
        {
            if (lease.Renewal > renewals) throw new ArgumentException($"lease {lease.Id} was renewed as number {lease.Renewal} of {renewals}", nameof(leases));
            if (!holdings.TryAdd(lease.Id.Value, new Holding(lease, default))) throw new ArgumentException($"lease {lease.Id} comes twice", nameof(leases));
        }

        return new LeaseTable(holdings.ToImmutable(), renewals);
    }

    public LeaseTable Grant(LeaseId id, long timeToLiveSeconds) =>
        new(_holdings.Add(id.Value, new Holding(new Lease(id, timeToLiveSeconds) { Renewal = Renewals + 1 }, default)), Renewals + 1);

    /// <summary>Gives a lease its whole time again.</summary>
    public LeaseTable Renew(Lease lease) => With(lease with { RemainingSeconds = lease.TimeToLiveSeconds, Renewal = Renewals + 1 }, Renewals + 1);

    /// <summary>Notes how much of its time a lease has left.</summary>
    public LeaseTable Checkpoint(Lease lease, long remainingSeconds) => With(lease with { RemainingSeconds = remainingSeconds }, Renewals);

    public LeaseTable Remove(LeaseId id) => new(_holdings.Remove(id.Value), Renewals);

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

        return ReferenceEquals(holdings, _holdings) ? this : new LeaseTable(holdings, Renewals);
    }

    private LeaseTable With(Lease lease, long renewals) =>
        new(_holdings.SetItem(lease.Id.Value, _holdings[lease.Id.Value] with { Lease = lease }), renewals);

    private sealed record Holding(Lease Lease, RecordTree Keys);
}
