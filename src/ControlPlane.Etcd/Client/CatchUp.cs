using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>Waits until the mirror shows a revision that etcd is known to have reached.</summary>
/// <remarks>
/// When all that changes etcd is ours, the watch delivers every revision and waiting is enough. A revision made by another user of etcd never shows: then the
/// watch is asked to say how far it is, or, with an etcd whose answer to that comes too early (<see cref="EtcdVersion"/>), a key of ours is written, whose
/// event comes in its turn.
/// </remarks>
internal sealed class CatchUp(EtcdEndpoints endpoints, KeyLayout layout, Mirror mirror, MirrorFeed feed, EtcdStoreOptions options)
{
    // Ten times what an event usually takes, so that an etcd of our own is never written to for a read.
    private static readonly TimeSpan NudgeDelay = TimeSpan.FromMilliseconds(20);

    // A watch that has not delivered our own write for this long will not; another member's may.
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private Task<Revision?>? _pulsing;
    private Revision _expected;

    private Revision Expected
    {
        get
        {
            lock (_gate) return _expected;
        }
    }

    /// <exception cref="OperationCanceledException">Cancelled first.</exception>
    public async Task ReachAsync(Revision revision, CancellationToken cancellationToken)
    {
        if (await TryReachAsync(revision, NudgeDelay, cancellationToken)) return;
        for (var asked = TimeSpan.Zero; ;)
        {
            if (await feed.TryAskProgressAsync())
            {
                if (await TryReachAsync(revision, NudgeDelay, cancellationToken)) return;
                if ((asked += NudgeDelay) < WatchPatience) continue;
                asked = TimeSpan.Zero;
                feed.Reopen();
                continue;
            }

            // Without a watch there is nobody to tell, nor to be told by.
            if (!feed.IsFollowing)
            {
                if (await TryReachAsync(revision, RetryDelay, cancellationToken)) return;
                continue;
            }

            // Nothing is written while a revision at or above is known to be on its way here.
            var isComing = Expected >= revision || await PulseAsync() is not null;
            if (await TryReachAsync(revision, isComing ? WatchPatience : RetryDelay, cancellationToken)) return;
            if (isComing) feed.Reopen();
        }
    }

    /// <summary>Tells of a revision under the prefix, which the watch is going to deliver.</summary>
    public void Expect(Revision revision)
    {
        lock (_gate)
        {
            if (revision > _expected) _expected = revision;
        }
    }

    private async Task<bool> TryReachAsync(Revision revision, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (mirror.Revision >= revision) return true;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            await mirror.View.WaitAsync(view => view.Revision >= revision, limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <returns>The revision of the write; null when there was none.</returns>
    private Task<Revision?> PulseAsync()
    {
        lock (_gate)
        {
            if (_pulsing is null || _pulsing.IsCompleted) _pulsing = WriteAsync();
            return _pulsing;
        }
    }

    private async Task<Revision?> WriteAsync()
    {
        var connection = endpoints.Current;
        try
        {
            var written = await connection.Keys.PutAsync(new PutRequest { Key = layout.Pulse }, deadline: Calls.Deadline(options.RequestTimeout));
            var revision = new Revision(written.Header.Revision);
            Expect(revision);
            return revision;
        }
        catch (Exception failed) when (failed is RpcException or ObjectDisposedException)
        {
            endpoints.Leave(connection);
            return null;
        }
    }
}
