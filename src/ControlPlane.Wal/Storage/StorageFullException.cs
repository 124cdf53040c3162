namespace ControlPlane.Wal.Storage;

/// <summary>Another segment or snapshot could not be made, most often because the disk is full. Nothing was lost and nothing half-made counts: the
/// call may be repeated when there is room again.</summary>
public sealed class StorageFullException(string attempted, Exception inner)
    : Exception($"{attempted} failed; nothing was lost, make room and try again: {inner.Message}", inner);
