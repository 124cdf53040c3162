using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>Writes one snapshot beside the others; it exists once <see cref="Complete"/> has returned, and never if the writer is disposed before.</summary>
public sealed class SnapshotWriter : IDisposable
{
    private readonly SnapshotShelf _shelf;
    private readonly PendingFile _file;
    private readonly SnapshotInfo _info;
    private readonly byte[] _chunk = new byte[SnapshotFormat.FrameSize + SnapshotFormat.ChunkSizeMax];
    private int _filled;
    private long _total;
    private uint _checksum;

    internal SnapshotWriter(SnapshotShelf shelf, PendingFile file, SnapshotInfo info)
    {
        _shelf = shelf;
        _file = file;
        _info = info;
        _file.Append(SnapshotFormat.Header(info, out _checksum));
    }

    /// <summary>Adds content.</summary>
    /// <exception cref="StorageFullException">It could not be written; dispose the writer.</exception>
    public void Write(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            var part = Math.Min(content.Length, SnapshotFormat.ChunkSizeMax - _filled);
            content[..part].CopyTo(_chunk.AsSpan(SnapshotFormat.FrameSize + _filled));
            _filled += part;
            content = content[part..];
            if (_filled == SnapshotFormat.ChunkSizeMax) WriteChunk();
        }
    }

    /// <summary>Makes the snapshot durable and the newest, and removes all but one older one.</summary>
    /// <exception cref="StorageFullException">It could not be written; the older snapshots stand.</exception>
    public void Complete()
    {
        if (_filled > 0) WriteChunk();
        var trailer = new byte[SnapshotFormat.TrailerSize];
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(8), _total);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(4), SnapshotFormat.Chain(_checksum, 0, trailer.AsSpan(8)));
        _file.Append(trailer);
        _shelf.Admit(_file, _info);
    }

    /// <summary>Removes what was written, unless it was completed.</summary>
    public void Dispose() => _file.Dispose();

    private void WriteChunk()
    {
        _checksum = SnapshotFormat.Chain(_checksum, _filled, _chunk.AsSpan(SnapshotFormat.FrameSize, _filled));
        BinaryPrimitives.WriteInt32LittleEndian(_chunk, _filled);
        BinaryPrimitives.WriteUInt32LittleEndian(_chunk.AsSpan(4), _checksum);
        _file.Append(_chunk.AsSpan(0, SnapshotFormat.FrameSize + _filled));
        _total += _filled;
        _filled = 0;
    }
}
