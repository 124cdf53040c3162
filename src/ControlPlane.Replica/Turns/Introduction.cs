namespace ControlPlane.Replica.Turns;

/// <summary>What a member says about itself when it calls another.</summary>
/// <param name="Name">The operator's name for it.</param>
/// <param name="DiskId">Drawn when its data directory was made; 0 when there is none.</param>
/// <param name="Level">The highest <see cref="VersionLevel"/> its program understands.</param>
internal sealed record Introduction(string Name, ulong DiskId, int Level);
