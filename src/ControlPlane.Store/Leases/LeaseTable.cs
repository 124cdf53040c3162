using System.Collections.Immutable;
using ControlPlane.Store.Trees;

namespace ControlPlane.Store.Leases;

/// <summary>The leases and the keys under each: immutable, as everything a view shows.</summary>
internal sealed class LeaseTable
{
    public static readonly LeaseTable Empty = new(ImmutableSortedDictionary<long, Holding>.Empty, 0, 0);

    private readonly ImmutableSortedDictionary<long, Holding> _holdings;

    private LeaseTable(ImmutableSortedDictionary<long, Holding> holdings, long renewals, ulong sum) => (_holdings, Renewals, Sum) = (holdings, renewals, sum);

    /// <summary>How many grants and renewals there were; each gets the next number, so that a number never names two lives of a lease.</summary>
    public long Renewals { get; }

    /// <summary>The wrapping sum of the leases' hashes.</summary>
    public ulong Sum { get; }

    public int Count => _holdings.Count;

    public IEnumerable<Lease> Leases => _holdings.Values.Select(holding => holding.Lease);

    public Lease? Find(LeaseId id) => _holdings.GetValueOrDefault(id.Value)?.Lease;

    public RecordTree KeysOf(LeaseId id) => _holdings.TryGetValue(id.Value, out var holding) ? holding.Keys : default;

    /// <summary>The table that a snapshot describes.</summary>
    /// <exception cref="ArgumentException">A lease comes twice, or was renewed more recently than anything was.</exception>
    public static LeaseTable Restore(IEnumerable<Lease> leases, long renewals)
    {
        var holdings = ImmutableSortedDictionary.CreateBuilder<long, Holding>();
        ulong sum = 0;
        foreach (var lease in leases)
        {
            if (lease.Renewal > renewals) throw new ArgumentException($"lease {lease.Id} was renewed as number {lease.Renewal} of {renewals}", nameof(leases));
            if (!holdings.TryAdd(lease.Id.Value, new Holding(lease, default))) throw new ArgumentException($"lease {lease.Id} comes twice", nameof(leases));
            sum += StateHashing.Of(lease);
        }

        return new LeaseTable(holdings.ToImmutable(), renewals, sum);
    }

    public LeaseTable Grant(LeaseId id, long timeToLiveSeconds)
    {
        var lease = new Lease(id, timeToLiveSeconds) { Renewal = Renewals + 1 };
        return new LeaseTable(_holdings.Add(id.Value, new Holding(lease, default)), Renewals + 1, Sum + StateHashing.Of(lease));
    }

    /// <summary>Takes over a lease of another store, with the keys it has here if it is known.</summary>
    public LeaseTable Adopt(LeaseId id, long timeToLiveSeconds) => Find(id) is null
        ? Grant(id, timeToLiveSeconds)
        : With(new Lease(id, timeToLiveSeconds) { Renewal = Renewals + 1 }, Renewals + 1);

    /// <summary>Gives a lease its whole time again.</summary>
    public LeaseTable Renew(Lease lease) => With(lease with { RemainingSeconds = lease.TimeToLiveSeconds, Renewal = Renewals + 1 }, Renewals + 1);

    /// <summary>Notes how much of its time a lease has left.</summary>
    public LeaseTable Checkpoint(Lease lease, long remainingSeconds) => With(lease with { RemainingSeconds = remainingSeconds }, Renewals);

    public LeaseTable Remove(Lease lease) => new(_holdings.Remove(lease.Id.Value), Renewals, Sum - StateHashing.Of(lease));

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

        return ReferenceEquals(holdings, _holdings) ? this : new LeaseTable(holdings, Renewals, Sum);
    }

    private LeaseTable With(Lease lease, long renewals)
    {
        var before = _holdings[lease.Id.Value];
        return new LeaseTable(_holdings.SetItem(lease.Id.Value, before with { Lease = lease }), renewals, Sum - StateHashing.Of(before.Lease) + StateHashing.Of(lease));
    }

    private sealed record Holding(Lease Lease, RecordTree Keys);
}
