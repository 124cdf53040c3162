using ControlPlane.Etcd.Errors;
using ControlPlane.Replica;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>Ends the streams of clients that want a leader (metadata <c>hasleader: true</c>) once there has been none for a while, so that they try another
/// member.</summary>
internal sealed class LeaderPresence : IAsyncDisposable
{
    // An election takes up to a second; a client that left for each of them would make it worse.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private readonly IReplicatedStore _store;
    private readonly TimeProvider _time;
    private readonly Task _following;
    private volatile CancellationTokenSource _absence = new();

    public LeaderPresence(IReplicatedStore store, TimeProvider time)
    {
        (_store, _time) = (store, time);
        _following = FollowAsync(_stopping.Token);
    }

    /// <summary>Cancelled when the call is, when <paramref name="stopping"/> is, and, if the client wants a leader, when there is none.</summary>
    /// <exception cref="RpcException">The client wants a leader and there is none.</exception>
    public CancellationTokenSource LinkTo(ServerCallContext call, CancellationToken stopping)
    {
        ThrowIfAbsent(call);
        return CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, stopping, WantsLeader(call) ? _absence.Token : CancellationToken.None);
    }

    /// <exception cref="RpcException">The client wants a leader and there has been none for a while.</exception>
    public void ThrowIfAbsent(ServerCallContext call)
    {
        if (_absence.IsCancellationRequested && WantsLeader(call)) throw EtcdErrors.Of(EtcdErrors.NoLeader);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _following;
        _stopping.Dispose();
        _absence.Dispose();
    }

    private static bool WantsLeader(ServerCallContext call) => call.RequestHeaders.GetValue("hasleader") == "true";

    private async Task FollowAsync(CancellationToken stopping)
    {
        try
        {
            for (var leadership = _store.Leadership; ; leadership = await _store.WaitForLeadershipChangeAsync(leadership, stopping))
            {
                if (leadership.Leader is not null || await ReturnsAsync(stopping)) continue;
                await _absence.CancelAsync();
                await WaitForLeaderAsync(stopping);
                _absence = new CancellationTokenSource();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task<bool> ReturnsAsync(CancellationToken stopping)
    {
        try
        {
            await WaitForLeaderAsync(stopping).WaitAsync(Patience, _time, stopping);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task WaitForLeaderAsync(CancellationToken stopping)
    {
        for (var leadership = _store.Leadership; leadership.Leader is null;) leadership = await _store.WaitForLeadershipChangeAsync(leadership, stopping);
    }
}
