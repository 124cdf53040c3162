using System.Globalization;

namespace ControlPlane.Wal.Members;

/// <summary>Keeps two processes from writing to one data directory. Held until disposed or until the process ends, however it ends.</summary>
public sealed class DirectoryLock : IDisposable
{
    private const string FileName = "lock";

    // Beside the lock, since the lock's own file cannot be opened by others for reading.
    private const string HolderFileName = "lock.pid";
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock of a directory that exists.</summary>
    /// <exception cref="DirectoryInUseException">Somebody else holds it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, FileName);
        FileStream file;
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB); the kernel lets go of it with the process.
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new DirectoryInUseException(directory, HolderOf(Path.Combine(directory, HolderFileName)), exception);
        }

        File.WriteAllText(Path.Combine(directory, HolderFileName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new DirectoryLock(file);
    }

    public void Dispose() => _file.Dispose();

    private static int? HolderOf(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (IOException)
        {
            // The holder's number only makes the message better.
            return null;
        }
    }
}
