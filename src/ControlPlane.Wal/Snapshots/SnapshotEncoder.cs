using System.Buffers.Binary;

namespace ControlPlane.Wal.Snapshots;

/// <summary>Turns content into the bytes of a snapshot file, wherever they go.</summary>
/// <param name="sink">Receives the bytes in order; they are the encoder's again when it returns.</param>
public sealed class SnapshotEncoder(Action<ReadOnlySpan<byte>> sink)
{
    // Grows to a chunk's size with what is written: most snapshots of a young or small group are a few kilobytes.
    private const int BufferSizeMin = 4 << 10;

    private byte[] _chunk = new byte[BufferSizeMin];
    private int _filled;
    private long _total;
    private uint _checksum;

    /// <summary>Writes the header; once, first.</summary>
    public void Begin(SnapshotInfo info) => sink(SnapshotFormat.Header(info, out _checksum));

    /// <summary>Adds content.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            var part = Math.Min(content.Length, SnapshotFormat.ChunkSizeMax - _filled);
            MakeRoomFor(SnapshotFormat.FrameSize + _filled + part);
            content[..part].CopyTo(_chunk.AsSpan(SnapshotFormat.FrameSize + _filled));
            _filled += part;
            content = content[part..];
            if (_filled == SnapshotFormat.ChunkSizeMax) WriteChunk();
        }
    }

    /// <summary>Writes what is left and the trailer; once, last.</summary>
    public void End()
    {
        if (_filled > 0) WriteChunk();
        Span<byte> trailer = stackalloc byte[SnapshotFormat.TrailerSize];
        trailer.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(trailer[8..], _total);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], SnapshotFormat.Chain(_checksum, 0, trailer[8..]));
        sink(trailer);
    }

    private void MakeRoomFor(int size)
    {
        if (size > _chunk.Length) Array.Resize(ref _chunk, Math.Min(Math.Max(size, 2 * _chunk.Length), SnapshotFormat.FrameSize + SnapshotFormat.ChunkSizeMax));
    }

    private void WriteChunk()
    {
        _checksum = SnapshotFormat.Chain(_checksum, _filled, _chunk.AsSpan(SnapshotFormat.FrameSize, _filled));
        BinaryPrimitives.WriteInt32LittleEndian(_chunk, _filled);
        BinaryPrimitives.WriteUInt32LittleEndian(_chunk.AsSpan(4), _checksum);
        sink(_chunk.AsSpan(0, SnapshotFormat.FrameSize + _filled));
        _total += _filled;
        _filled = 0;
    }
}
