using System.Buffers.Binary;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>Reads one snapshot: its content in order, each chunk checked before it is given out, or the file's bytes for a peer. Stays readable when a
/// newer snapshot removes the file.</summary>
public sealed class SnapshotReader : IDisposable
{
    private readonly IStorageFile _file;
    private readonly string _path;
    private readonly bool _takesTail;
    private byte[] _chunk = [];
    private int _chunkLength;
    private int _chunkRead;
    private long _offset;
    private long _total;
    private uint _checksum;
    private bool _isAtEnd;

    internal SnapshotReader(IStorageFile file, string path, bool takesTail = false)
    {
        _file = file;
        _path = path;
        _takesTail = takesTail;
        Info = SnapshotFormat.ReadHeader(file, path, out var size, out _checksum);
        _offset = size;
    }

    /// <summary>Opens a snapshot that lies anywhere; its chunks are checked as they are read. It may have been saved by etcdctl, which wants zeros up to a multiple of 512 bytes and a
    /// SHA-256 of 32 at the end.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="DamagedException">Its header is not what was written.</exception>
    public static SnapshotReader OpenFile(string path)
    {
        var file = new DiskFile(path, FileMode.Open, FileAccess.Read);
        try
        {
            return new SnapshotReader(file, path, takesTail: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public SnapshotInfo Info { get; }

    /// <summary>The file's length in bytes, frames included: what a peer must receive.</summary>
    public long FileLength => _file.Length;

    /// <summary>Reads the file's bytes as they are, for sending to a peer; any order, any offset, so that a transfer can resume.</summary>
    /// <returns>How many bytes were read; 0 at the end.</returns>
    public int ReadFile(long offset, Span<byte> buffer) => _file.Read(offset, buffer);

    /// <summary>Reads the next part of the content.</summary>
    /// <returns>How many bytes were read, at least 1; 0 once all content was read and the trailer fits.</returns>
    /// <exception cref="DamagedException">The bytes are not what was written.</exception>
    public int Read(Span<byte> buffer)
    {
        if (_chunkRead == _chunkLength && !NextChunk()) return 0;
        var part = Math.Min(buffer.Length, _chunkLength - _chunkRead);
        _chunk.AsSpan(_chunkRead, part).CopyTo(buffer);
        _chunkRead += part;
        return part;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads everything and throws it away.</summary>
    /// <exception cref="DamagedException">The bytes are not what was written.</exception>
    internal void Verify()
    {
        while (NextChunk()) continue;
    }

    private bool NextChunk()
    {
        if (_isAtEnd) return false;
        Span<byte> frame = stackalloc byte[SnapshotFormat.FrameSize];
        if (_file.Read(_offset, frame) < frame.Length) throw SnapshotFormat.Damaged(_path, _offset, "the snapshot is cut off");
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);
        if (length is < 0 or > SnapshotFormat.ChunkSizeMax) throw SnapshotFormat.Damaged(_path, _offset, $"a chunk is said to have {length} bytes");
        var contentLength = length == 0 ? 8 : length;
        if (_chunk.Length < contentLength) _chunk = new byte[contentLength];
        var content = _chunk.AsSpan(0, contentLength);
        if (_file.Read(_offset + frame.Length, content) < contentLength) throw SnapshotFormat.Damaged(_path, _offset, "the snapshot is cut off");
        if (SnapshotFormat.Chain(_checksum, length, content) != checksum) throw SnapshotFormat.Damaged(_path, _offset, "a chunk does not fit its checksum");
        _checksum = checksum;
        _offset += frame.Length + contentLength;
        if (length > 0)
        {
            _total += length;
            (_chunkLength, _chunkRead) = (length, 0);
            return true;
        }

        _isAtEnd = true;
        (_chunkLength, _chunkRead) = (0, 0);
        if (BinaryPrimitives.ReadInt64LittleEndian(content) != _total || !(_offset == _file.Length || (_takesTail && IsTail())))
            throw SnapshotFormat.Damaged(_path, _offset, "the snapshot does not end where its trailer says");
        return false;
    }

    /// <summary>What follows is the tail that etcdctl wants. Its hash says nothing that the chunks' checksums have not said.</summary>
    private bool IsTail()
    {
        const int block = 512, hash = 32;
        var padding = new byte[(int)((block - _offset % block) % block)];
        return _file.Length == _offset + padding.Length + hash && _file.Read(_offset, padding) == padding.Length && !padding.AsSpan().ContainsAnyExcept((byte)0);
    }
}
