namespace ControlPlane.Store.Leases;

/// <summary>A time-to-live that keys may share. The store knows no clock: members count the seconds by their own, and the leader proposes
/// <c>ExpireLeases</c> when they are over.</summary>
/// <param name="Id">Chosen by whoever granted it; not 0.</param>
/// <param name="TimeToLiveSeconds">Above 0; what a renewal gives again.</param>
public sealed record Lease(LeaseId Id, long TimeToLiveSeconds)
{
    /// <summary>Above 9,000,000,000 s (285 years) a lease means "never", which no lease says better.</summary>
    public const long TimeToLiveSecondsMax = 9_000_000_000;

    /// <summary>What was left when the leader last said so, else the whole time-to-live. A member that starts counts from here.</summary>
    public long RemainingSeconds { get; init; } = TimeToLiveSeconds;

    /// <summary>Which of the store's grants and renewals was this lease's last; names the life that an expiry was decided for.</summary>
    public long Renewal { get; init; }
}
