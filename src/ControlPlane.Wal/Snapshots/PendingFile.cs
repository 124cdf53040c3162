using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Snapshots;

/// <summary>A file that grows under a temporary name and takes its own at the end, or goes.</summary>
internal sealed class PendingFile : IDisposable
{
    private readonly IStorageDirectory _directory;
    private readonly string _name;
    private readonly IStorageFile _file;
    private bool _isSettled;

    /// <exception cref="StorageFullException">It could not be made.</exception>
    public PendingFile(IStorageDirectory directory, string name)
    {
        _directory = directory;
        _name = name;
        try
        {
            _file = directory.Create(name);
        }
        catch (IOException exception)
        {
            throw new StorageFullException($"make {FullPath}", exception);
        }
    }

    public IStorageFile File => _file;

    public long Length { get; private set; }

    public string FullPath => Path.Combine(_directory.Path, _name);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(Length, bytes);
            Length += bytes.Length;
        }
        catch (IOException exception)
        {
            throw new StorageFullException($"write {FullPath} at offset {Length}", exception);
        }
    }

    /// <summary>Syncs, takes the name, syncs the directory: after a crash there is the whole file or none.</summary>
    public void Settle(string name)
    {
        try
        {
            _file.Sync();
        }
        catch (IOException exception)
        {
            // Nobody counts on this file yet, so unlike a failed sync of the log this one costs only the snapshot.
            throw new StorageFullException($"sync {FullPath}", exception);
        }

        try
        {
            _directory.Rename(_name, name);
            _isSettled = true;
            _directory.Sync();
        }
        catch (IOException exception)
        {
            throw new StorageFailedException($"rename {FullPath} to {name}", exception);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_isSettled) return;
        _isSettled = true;
        try
        {
            if (_directory.Exists(_name)) _directory.Delete(_name);
        }
        catch (IOException)
        {
            // Left-overs are removed when the shelf is opened next; what is reported is the failure that led here.
            return;
        }
    }
}
