using ControlPlane.Raft;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Checking;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Clusters;

/// <summary>What the host's disk thread does, on virtual time: takes all that waits, writes it in order, and syncs once for it; what comes meanwhile waits for
/// the next round. A full disk makes it wait and try again.</summary>
internal sealed class LogWriter(SimulatedCluster cluster, SimulatedMember member, SimulatedProcess process, MemberDisk disk)
{
    private const int FullDiskPauseMicroseconds = 1_000_000;

    private readonly Queue<Work> _waiting = new();
    private readonly List<LogWrite> _written = [];
    private bool _isWorking;
    private bool _isFull;

    public void Write(LogWrite write) => Add(new Work(write, null));

    public void Compact(SnapshotMark newBase) => Add(new Work(null, newBase));

    private void Add(Work work)
    {
        _waiting.Enqueue(work);
        if (_isWorking) return;
        _isWorking = true;
        Later(WriteAll);
    }

    private void WriteAll()
    {
        while (_waiting.TryPeek(out var work))
        {
            if (!TryDo(work)) break;
            _waiting.Dequeue();
        }

        Later(SyncAll);
    }

    private bool TryDo(Work work)
    {
        try
        {
            if (work.Write is { } write)
            {
                disk.Write(write);
                _written.Add(write);
                SetFull(null);
            }
            else
            {
                disk.Compact(work.NewBase!);
            }

            return true;
        }
        catch (StorageFullException full)
        {
            Promise.That(member.Directory.IsFull || member.Directory.HasFailed, $"{member.Name} has room for its log");
            SetFull(full.Message);
            if (work.NewBase is not null) SetFull(null);
            // Compaction is tried again with the next snapshot.
            return work.NewBase is not null;
        }
    }

    private void SetFull(string? problem)
    {
        if (_isFull == problem is not null) return;
        _isFull = problem is not null;
        member.Post(new TurnInput.DiskFull(problem));
    }

    private void SyncAll()
    {
        if (_written.Count > 0)
        {
            disk.Sync();
            for (var i = 0; i < _written.Count; i++) member.Durable.Synced();
            member.Post(new TurnInput.Durable(_written[^1].Number));
            _written.Clear();
        }

        if (_waiting.Count == 0) _isWorking = false;
        else if (_isFull) member.After(process, FullDiskPauseMicroseconds, WriteAll);
        else Later(WriteAll);
    }

    private void Later(Action work) => member.After(process, cluster.DiskDelay(member), work);

    private readonly record struct Work(LogWrite? Write, SnapshotMark? NewBase);
}
