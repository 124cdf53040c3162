using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Wal.Storage;

/// <summary>The calls that .NET does not offer: syncing data without metadata, syncing a directory, reserving space.</summary>
internal static partial class LinuxCalls
{
    private const int OpenReadOnlyCloseOnExec = 0x80000;
    private const int Interrupted = 4;
    private const int NotSupported = 95;
    private const int Invalid = 22;

    /// <summary>fdatasync: the data and the metadata needed to read it back, but not the time stamps, which would cost a second write.</summary>
    public static void SyncData(SafeFileHandle handle, string path)
    {
        while (FdataSync(handle) != 0) ThrowUnlessInterrupted("sync", path);
    }

    /// <summary>fsync of a directory: without it a new or renamed file can be gone after a power cut, however well its bytes were synced.</summary>
    public static void SyncDirectory(string path)
    {
        var descriptor = Open(path, OpenReadOnlyCloseOnExec);
        if (descriptor < 0) throw Failure("open directory", path, Marshal.GetLastPInvokeError());
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        while (Fsync(handle) != 0) ThrowUnlessInterrupted("sync directory", path);
    }

    /// <summary>Reserves space.</summary>
    /// <returns>False when the file system cannot (the file is then extended without a reservation).</returns>
    public static bool TryAllocate(SafeFileHandle handle, string path, long length)
    {
        int error;
        do error = PosixFallocate(handle, 0, length);
        while (error == Interrupted);
        if (error == 0) return true;
        if (error is NotSupported or Invalid) return false;
        throw Failure($"reserve {length} bytes for", path, error);
    }

    private static void ThrowUnlessInterrupted(string action, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error != Interrupted) throw Failure(action, path, error);
    }

    private static IOException Failure(string action, string path, int error) =>
        new($"{action} '{path}': {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FdataSync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int PosixFallocate(SafeFileHandle handle, long offset, long length);
}
