namespace ControlPlane.Replica.Offline;

/// <summary>What a snapshot file holds; every byte of it was checked.</summary>
/// <param name="ClusterId">Null in a member's own snapshot, which does not name it.</param>
/// <param name="Members">Who was a member when it was taken.</param>
/// <param name="Index">The last log entry it includes.</param>
/// <param name="StateHash">Equal on every member at the same revision.</param>
/// <param name="Prefixes">Keys by their first parts, most first.</param>
public sealed record SnapshotReport(
    Guid? ClusterId,
    IReadOnlyList<PeerAddress> Members,
    int VersionFloor,
    long Index,
    long Term,
    long Revision,
    long CompactionFloor,
    long KeyCount,
    int LeaseCount,
    ulong StateHash,
    long SizeBytes,
    IReadOnlyList<PrefixCount> Prefixes);

/// <param name="Prefix">Ends with a slash, or is empty for keys without one.</param>
/// <param name="ValueBytes">Of the values.</param>
public sealed record PrefixCount(string Prefix, long KeyCount, long ValueBytes);
