using ControlPlane.Store.Leases;

namespace ControlPlane.Store;

/// <summary>All of a store's state beside its records: what a snapshot keeps in its head.</summary>
/// <param name="Revision">The newest revision.</param>
/// <param name="CompactionFloor">The committed floor of history.</param>
public sealed record StoreHead(Revision Revision, Revision CompactionFloor)
{
    /// <summary>By id, without their keys: a record names its lease.</summary>
    public IReadOnlyList<Lease> Leases { get; init; } = [];

    /// <summary>How many grants and renewals of leases there were.</summary>
    public long LeaseRenewals { get; init; }

    /// <summary>What keys and values of the newest revision may have together, in bytes.</summary>
    public long QuotaBytes { get; init; } = StoreState.QuotaBytesUsual;

    public IReadOnlyList<Alarm> Alarms { get; init; } = [];
}
