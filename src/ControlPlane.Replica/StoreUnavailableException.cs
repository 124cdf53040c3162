namespace ControlPlane.Replica;

/// <summary>The group can not answer now: no leader, no quorum, or the member is stopping. Retrying later is right.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
