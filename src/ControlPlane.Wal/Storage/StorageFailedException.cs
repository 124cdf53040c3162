namespace ControlPlane.Wal.Storage;

/// <summary>A write, read or sync failed and what is on the disk is unknown. Final: everything after it fails too. The owner stops the process;
/// the next start finds out what is there.</summary>
public sealed class StorageFailedException(string attempted, Exception inner)
    : Exception($"{attempted} failed, the process must stop: {inner.Message}", inner)
{
    /// <summary>What was being tried: <c>sync /data/wal/wal-0000000000000007.log</c>.</summary>
    public string Attempted { get; } = attempted;
}
