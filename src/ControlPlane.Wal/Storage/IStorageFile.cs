namespace ControlPlane.Wal.Storage;

/// <summary>An open file. Written bytes survive the process at once, and the machine only after <see cref="Sync"/>.</summary>
/// <remarks>Members throw <see cref="IOException"/>; whoever calls wraps it with what was being tried.</remarks>
public interface IStorageFile : IDisposable
{
    /// <summary>In bytes.</summary>
    long Length { get; }

    /// <summary>Reads until <paramref name="buffer"/> is full or the file ends.</summary>
    /// <returns>How many bytes were read.</returns>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of <paramref name="bytes"/>, extending the file where it must.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reserves space up to <paramref name="length"/> and makes the file at least that long; new bytes read as zero.</summary>
    void Allocate(long length);

    /// <summary>Makes the file exactly <paramref name="length"/> long.</summary>
    void Truncate(long length);

    /// <summary>Completes when everything written so far is on the disk. A failure is final: what of the data is on the disk is unknown, and
    /// a second call that succeeds proves nothing, since the system may have dropped the dirty pages.</summary>
    void Sync();
}
