using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>Writes one snapshot beside the others; it exists once <see cref="Complete"/> has returned, and never if the writer is disposed before.</summary>
public sealed class SnapshotWriter : IDisposable
{
    private readonly SnapshotShelf _shelf;
    private readonly PendingFile _file;
    private readonly SnapshotInfo _info;
    private readonly SnapshotEncoder _encoder;

    internal SnapshotWriter(SnapshotShelf shelf, PendingFile file, SnapshotInfo info)
    {
        (_shelf, _file, _info, _encoder) = (shelf, file, info, new SnapshotEncoder(file.Append));
        _encoder.Begin(info);
    }

    /// <summary>Adds content.</summary>
    /// <exception cref="StorageFullException">It could not be written; dispose the writer.</exception>
    public void Write(ReadOnlySpan<byte> content) => _encoder.Write(content);

    /// <summary>Makes the snapshot durable and the newest, and removes all but one older one.</summary>
    /// <exception cref="StorageFullException">It could not be written; the older snapshots stand.</exception>
    public void Complete()
    {
        _encoder.End();
        _shelf.Admit(_file, _info);
    }

    /// <summary>Removes what was written, unless it was completed.</summary>
    public void Dispose() => _file.Dispose();
}
