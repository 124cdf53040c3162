namespace ControlPlane.Store.Leases;

/// <summary>A lease as somebody saw it: what was decided about it holds only while nobody has renewed it since.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Renewal">Its <see cref="Lease.Renewal"/> at that time.</param>
public readonly record struct LeaseSighting(LeaseId Lease, long Renewal);
