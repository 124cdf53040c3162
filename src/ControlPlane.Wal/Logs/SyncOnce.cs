using ControlPlane.Wal.Storage;

namespace ControlPlane.Wal.Logs;

/// <summary>Lets one sync run at a time and none after one has failed: Linux reports a failed write-back once for each open file, so of two callers
/// the second would be told that all is well.</summary>
internal sealed class SyncOnce
{
    private readonly Lock _gate = new();
    private IOException? _failure;

    public void Sync(IStorageFile file)
    {
        lock (_gate)
        {
            if (_failure is not null) throw new IOException(_failure.Message, _failure);
            try
            {
                file.Sync();
            }
            catch (IOException exception)
            {
                _failure = exception;
                throw;
            }
        }
    }
}
