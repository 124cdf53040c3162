namespace ControlPlane.Wal.Logs;

/// <summary>What an operator can do about a damaged log.</summary>
internal static class LogAdvice
{
    public const string Repair =
        "Entries that were acknowledged may be lost here. Restore the file from a backup, or, when a majority of the other members is well, " +
        "remove this member, empty its data directory and add it anew; it will be filled from its peers";
}
