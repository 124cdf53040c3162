using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>One file of the log.</summary>
/// <param name="capacity">Bytes the file has room for, header included.</param>
internal sealed class Segment(IStorageFile file, string path, SegmentHeader header, long capacity) : IDisposable
{
    public IStorageFile File { get; } = file;

    /// <summary>For messages.</summary>
    public string Path { get; } = path;

    public SegmentHeader Header { get; } = header;

    public ulong Sequence => Header.Sequence;

    /// <summary>The position of the first record.</summary>
    public long Start => Header.Position;

    public long Capacity { get; } = capacity;

    public long OffsetOf(long position) => position - Start + SegmentHeader.Size;

    public long PositionOf(long offset) => offset - SegmentHeader.Size + Start;

    public void Dispose() => File.Dispose();
}
