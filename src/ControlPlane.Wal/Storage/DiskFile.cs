using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Wal.Storage;

/// <summary>A file of the real disk. Reads may run beside writes; the handle keeps no position.</summary>
internal sealed class DiskFile : IStorageFile
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    public DiskFile(string path, FileMode mode, FileAccess access = FileAccess.ReadWrite)
    {
        _path = path;
        // Readers of other processes may look (backup, inspection); exclusiveness is the data directory's lock, not each file's.
        _handle = File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete);
    }

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(long offset, Span<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
            if (read == 0) break;
            total += read;
        }

        return total;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_handle, bytes, offset);

    public void Allocate(long length)
    {
        if (Length < length && !LinuxCalls.TryAllocate(_handle, _path, length)) RandomAccess.SetLength(_handle, length);
    }

    public void Truncate(long length) => RandomAccess.SetLength(_handle, length);

    public void Sync() => LinuxCalls.SyncData(_handle, _path);

    public void Dispose() => _handle.Dispose();
}
