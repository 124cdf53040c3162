using ControlPlane.Raft.Messages;
using ControlPlane.Wal.Snapshots;

namespace ControlPlane.Replica.Peers;

/// <summary>One snapshot on its way to one member, on connections of its own so that heartbeats and entries go on beside it. A cut connection is made again and
/// goes on where the receiver stands, with the same file: it stays readable here although newer snapshots have taken its place.</summary>
/// <param name="connect">Makes a connection for the snapshot.</param>
internal sealed class SnapshotSending(InstallSnapshot message, SnapshotReader snapshot, Func<CancellationToken, Task<Stream>> connect, TimeProvider time, Action<string> notice)
{
    // Without a byte of progress between them; then the core decides anew, with whatever snapshot is the newest.
    private const int FruitlessAttemptsMax = 4;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AttemptPause = TimeSpan.FromMilliseconds(500);

    private long _stands;

    /// <summary>True when the receiver has said that it is whole and on its disk.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var fruitless = 0;
        while (fruitless < FruitlessAttemptsMax)
        {
            var before = _stands;
            try
            {
                await AttemptAsync(cancellationToken);
                return true;
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException or OperationCanceledException)
            {
                if (cancellationToken.IsCancellationRequested) return false;
                notice($"snapshot for peer {message.To}: {problem.Message}; {_stands} of {snapshot.FileLength} bytes have arrived");
                if (problem is RefusedException) return false;
            }

            fruitless = _stands > before ? 0 : fruitless + 1;
            await PauseAsync(cancellationToken);
        }

        return false;
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(AttemptPause, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The next attempt sees it.
            return;
        }
    }

    private async Task AttemptAsync(CancellationToken cancellationToken)
    {
        await using var stream = await ConnectAsync(cancellationToken);
        // Where the receiver stands is progress that is certain; what was written to a socket is not.
        await SnapshotTransfer.SendAsync(stream, message, snapshot, offset => _stands = Math.Max(_stands, offset), cancellationToken);
    }

    private async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ConnectTimeout);
        return await connect(patience.Token);
    }
}
