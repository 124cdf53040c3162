using ControlPlane.Replica.Peers;

namespace ControlPlane.Simulation.Worlds;

/// <summary>A snapshot on its way: what the sender says about it, and its bytes.</summary>
internal sealed record SnapshotFile(SnapshotLabel Label, byte[] Bytes);
