namespace ControlPlane.ApiServer.Live;

/// <summary>Tells long-lived streams that the server stops.</summary>
internal sealed record ServerLifetime(CancellationToken Stopping);
