namespace ControlPlane.Store.Leases;

/// <summary>A time-to-live that keys may share. The store never expires it by itself: the leader proposes <c>RevokeLease</c>.</summary>
/// <param name="Id">Chosen by whoever granted it; not 0.</param>
/// <param name="TimeToLiveSeconds">Above 0.</param>
public sealed record Lease(LeaseId Id, long TimeToLiveSeconds);
