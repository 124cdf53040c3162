namespace ControlPlane.Harness.Histories;

/// <summary>Everything that happened to one watcher.</summary>
/// <param name="Name">For the report.</param>
/// <param name="KeyPrefix">It watches the keys that begin so; empty: all.</param>
/// <param name="FromRevision">The first revision it asked for.</param>
/// <param name="ThroughRevision">It was given time to see everything up to this revision; null: it ended at some time.</param>
/// <param name="Receipts">In the order they came.</param>
public sealed record WatchRecord(string Name, string KeyPrefix, long FromRevision, long? ThroughRevision, IReadOnlyList<Receipt> Receipts);
