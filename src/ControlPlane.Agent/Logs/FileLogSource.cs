using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Agent.Logs;

/// <summary>A container's log file and its index (<see cref="LogIndex"/>).</summary>
internal sealed class FileLogSource : LogSource
{
    // The index is read again when it is asked for a byte behind what was read; a growing log asks often, so not the whole file each time.
    private readonly SafeFileHandle _log;
    private readonly string _indexPath;
    private readonly string _floorPath;
    private byte[] _index = [];

    private FileLogSource(SafeFileHandle log, string stem)
    {
        _log = log;
        _indexPath = stem + ".idx";
        _floorPath = stem + ".floor";
    }

    public override long Floor => File.Exists(_floorPath) ? new FileInfo(_floorPath).Length * LogKeeper.DropSizeBytes : 0;

    public override long Length => RandomAccess.GetLength(_log);

    /// <summary>Null when there is no such log.</summary>
    public static FileLogSource? Open(string stem)
    {
        try
        {
            return new(File.OpenHandle(stem + ".log", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), stem);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public override int Read(long offset, Span<byte> buffer) => RandomAccess.Read(_log, buffer, offset);

    public override DateTimeOffset? TimeOf(long offset)
    {
        if (offset >= LogIndex.LastLength(_index) && File.Exists(_indexPath)) _index = ReadShared(_indexPath);
        return LogIndex.TimeOf(_index, offset);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _log.Dispose();
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count == bytes.Length ? bytes : bytes[..count];
    }
}
