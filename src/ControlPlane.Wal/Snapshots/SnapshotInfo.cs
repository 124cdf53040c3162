using ControlPlane.Wal.Logs;

namespace ControlPlane.Wal.Snapshots;

/// <summary>What a snapshot stands for.</summary>
/// <param name="Point">The last entry it contains.</param>
/// <param name="Configuration">Who was a member at that entry, in the owner's encoding; readable without reading the content.</param>
public sealed record SnapshotInfo(LogPoint Point, ReadOnlyMemory<byte> Configuration);
