using ControlPlane.Etcd.Services;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Etcd.Leases;

/// <summary>Renewals that come while one command is on its way share the next one: ten thousand clients that keep their leases alive cost a few log entries
/// a second.</summary>
internal sealed class LeaseRenewals(ServedStore store)
{
    private readonly Lock _gate = new();
    private Round? _next;
    private Task _current = Task.CompletedTask;

    /// <summary>Completes when the lease is renewed; false when it does not exist.</summary>
    /// <exception cref="Grpc.Core.RpcException">The end is not known.</exception>
    public async Task<bool> RenewAsync(LeaseId lease)
    {
        Round round;
        lock (_gate)
        {
            if (_next is null)
            {
                _next = new Round();
                _next.Ended = CarryOutAsync(_next, _current);
                _current = _next.Ended;
            }

            round = _next;
            round.Leases.Add(lease);
        }

        return !(await round.Ended).Contains(lease);
    }

    private async Task<IReadOnlySet<LeaseId>> CarryOutAsync(Round round, Task before)
    {
        // Off the caller's lock first.
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate) _next = null;
        var result = await store.ProposeAsync<LeaseResult>(new RenewLeases([.. round.Leases]));
        return result.Unknown.ToHashSet();
    }

    private sealed class Round
    {
        public HashSet<LeaseId> Leases { get; } = [];

        public Task<IReadOnlySet<LeaseId>> Ended { get; set; } = null!;
    }
}
