namespace ControlPlane.Replica;

/// <summary>Counts what programs understand of the log, of snapshots and of each other. A number goes up when an older program could not read what a newer one
/// writes; the group's floor follows when every member runs a program that can.</summary>
internal static class VersionLevel
{
    /// <summary>What this program understands: everything up to and including this level.</summary>
    /// <remarks>1: members with disks and removed ids in configurations.</remarks>
    public const int Current = 1;
}
