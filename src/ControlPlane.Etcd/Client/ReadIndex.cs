using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>Learns how far etcd is, confirmed by its majority; readers that come together share one question.</summary>
internal sealed class ReadIndex(EtcdEndpoints endpoints, KeyLayout layout, TimeSpan timeout)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<Revision>? _waiting;
    private Task _asking = Task.CompletedTask;
    private bool _isAsking;

    /// <summary>A revision at or above that of every write acknowledged before the call.</summary>
    /// <exception cref="RpcException">No member of etcd answered.</exception>
    public Task<Revision> AskAsync()
    {
        lock (_gate)
        {
            // A question that is already on its way may have been answered before this call: only the next one will do.
            var batch = _waiting ??= new TaskCompletionSource<Revision>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isAsking)
            {
                _isAsking = true;
                _asking = Task.Run(AskForBatchesAsync);
            }

            return batch.Task;
        }
    }

    /// <summary>Completes when no question is open.</summary>
    public Task IdleAsync()
    {
        lock (_gate) return _asking;
    }

    private async Task AskForBatchesAsync()
    {
        while (true)
        {
            TaskCompletionSource<Revision> batch;
            lock (_gate)
            {
                if (_waiting is null)
                {
                    _isAsking = false;
                    return;
                }

                (batch, _waiting) = (_waiting, null);
            }

            var connection = endpoints.Current;
            try
            {
                var answer = await connection.Keys.RangeAsync(new RangeRequest { Key = layout.Pulse, CountOnly = true }, deadline: Calls.Deadline(timeout));
                batch.SetResult(new Revision(answer.Header.Revision));
            }
            catch (Exception failed) when (failed is RpcException or ObjectDisposedException)
            {
                endpoints.Leave(connection);
                batch.SetException(failed);
                // Each asker is told by what it awaits; nobody may have waited long enough.
                _ = batch.Task.Exception;
            }
        }
    }
}
