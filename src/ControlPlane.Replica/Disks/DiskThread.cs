using ControlPlane.Raft;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Disks;

/// <summary>The one thread that writes the log: takes everything that waits, writes it, and syncs once for all of it.</summary>
internal sealed class DiskThread : IDisposable
{
    private static readonly TimeSpan FullDiskPause = TimeSpan.FromSeconds(1);

    // Unbounded, because the core bounds what is not yet durable by bytes; the loop that fills it must never block.
    private readonly Queue<Work> _work = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly MemberDisk _disk;
    private readonly Action<ulong> _durable;
    private readonly Action<Exception> _fatal;
    private readonly Action<string?> _fullness;
    private readonly Thread _thread;

    /// <param name="durable">Told the number of the newest durable write.</param>
    /// <param name="fatal">Told once; the thread has ended.</param>
    /// <param name="fullness">Told what is wrong when the disk is full, and null when there is room again.</param>
    public DiskThread(MemberDisk disk, Action<ulong> durable, Action<Exception> fatal, Action<string?> fullness)
    {
        (_disk, _durable, _fatal, _fullness) = (disk, durable, fatal, fullness);
        _thread = new Thread(Run) { Name = "log writer", IsBackground = true };
        _thread.Start();
    }

    public void Write(LogWrite write) => Add(new Work(write, null));

    public void Compact(SnapshotMark newBase) => Add(new Work(null, newBase));

    /// <summary>Ends the thread after what it is at; what waits is not written.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        lock (_work) Monitor.Pulse(_work);
        _thread.Join();
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (!TryTake(out var work, waits: true)) return;
                ulong written = 0;
                do
                {
                    if (work.Write is { } write)
                    {
                        WriteWhenThereIsRoom(write, written);
                        written = write.Number;
                    }
                    else
                    {
                        Compact(work);
                    }
                }
                while (TryTake(out work, waits: false));
                Sync(written);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            _fatal(exception);
        }
    }

    private void Add(Work work)
    {
        lock (_work)
        {
            _work.Enqueue(work);
            // One thread waits, and only for an empty queue.
            if (_work.Count == 1) Monitor.Pulse(_work);
        }
    }

    private bool TryTake(out Work work, bool waits)
    {
        lock (_work)
        {
            while (waits && _work.Count == 0 && !_stopping.IsCancellationRequested) Monitor.Wait(_work);
            work = default;
            return !_stopping.IsCancellationRequested && _work.TryDequeue(out work);
        }
    }

    private void Sync(ulong written)
    {
        if (written == 0) return;
        _disk.Sync();
        _durable(written);
    }

    private void WriteWhenThereIsRoom(LogWrite write, ulong written)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                _disk.Write(write);
                if (!isFirst) _fullness(null);
                return;
            }
            catch (StorageFullException full)
            {
                // Nothing is lost: what was written before counts, and this write is repeated when there is room. Callers are refused meanwhile.
                if (isFirst) Sync(written);
                _fullness(full.Message);
                if (_stopping.Token.WaitHandle.WaitOne(FullDiskPause)) _stopping.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private void Compact(Work work)
    {
        try
        {
            _disk.Compact(work.NewBase!);
        }
        catch (StorageFullException full)
        {
            // The next snapshot tries again.
            _fullness(full.Message);
            _fullness(null);
        }
    }

    private readonly record struct Work(LogWrite? Write, SnapshotMark? NewBase);
}
