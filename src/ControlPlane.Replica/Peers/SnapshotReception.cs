using ControlPlane.Replica.Disks;
using ControlPlane.Wal.Snapshots;

namespace ControlPlane.Replica.Peers;

/// <summary>Keeps what arrived of a snapshot whose connection broke, so that the next one goes on from there: a large snapshot on a bad line would
/// otherwise begin again for ever.</summary>
/// <remarks>One at a time and in memory only: a restart begins anew, and the shelf removes the file. Any thread.</remarks>
internal sealed class SnapshotReception(MemberDisk disk) : IDisposable
{
    private readonly Lock _gate = new();
    private (SnapshotLabel Label, SnapshotReceiver Receiver)? _kept;

    /// <summary>Goes on with what is kept of this very file, or begins. The caller gives it back to <see cref="Keep"/>, or disposes it.</summary>
    public SnapshotReceiver Take(SnapshotLabel label)
    {
        lock (_gate)
        {
            var kept = _kept;
            _kept = null;
            if (kept?.Label == label) return kept.Value.Receiver;
            kept?.Receiver.Dispose();
            return disk.ReceiveSnapshot();
        }
    }

    /// <summary>The connection broke.</summary>
    public void Keep(SnapshotLabel label, SnapshotReceiver receiver)
    {
        lock (_gate)
        {
            _kept?.Receiver.Dispose();
            _kept = (label, receiver);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _kept?.Receiver.Dispose();
            _kept = null;
        }
    }
}
