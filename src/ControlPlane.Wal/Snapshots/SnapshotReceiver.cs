using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>Takes a snapshot file from a peer, piece by piece in order. It exists once <see cref="Complete"/> has returned.</summary>
public sealed class SnapshotReceiver : IDisposable
{
    private readonly SnapshotShelf _shelf;
    private readonly PendingFile _file;

    internal SnapshotReceiver(SnapshotShelf shelf, PendingFile file)
    {
        _shelf = shelf;
        _file = file;
    }

    /// <summary>Bytes received so far: the offset of the next piece, and where a cut transfer resumes.</summary>
    public long Received => _file.Length;

    /// <summary>Adds the piece at <paramref name="offset"/>. A piece that was received already, whole or in part, is not written twice.</summary>
    /// <returns>False when the piece lies beyond <see cref="Received"/>; send from there.</returns>
    /// <exception cref="StorageFullException">It could not be written; dispose the receiver.</exception>
    public bool TryWrite(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset > Received) return false;
        var known = Received - offset;
        if (known < bytes.Length) _file.Append(bytes[(int)known..]);
        return true;
    }

    /// <summary>Checks everything received, and makes it a snapshot as <see cref="SnapshotWriter.Complete"/> does.</summary>
    /// <exception cref="DamagedException">What arrived is not a whole snapshot; nothing has changed, dispose and receive again.</exception>
    public SnapshotInfo Complete()
    {
        var reader = new SnapshotReader(_file.File, _file.FullPath);
        reader.Verify();
        _shelf.Admit(_file, reader.Info);
        return reader.Info;
    }

    /// <summary>Removes what was received, unless it was completed.</summary>
    public void Dispose() => _file.Dispose();
}
