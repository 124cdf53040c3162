using System.Collections.Concurrent;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>How long leases have left, by this server's count: from the answer to a grant or a renewal made here, or from having asked etcd. etcd tells nobody
/// that a lease ended, so a lease whose time is over here is asked about before it is forgotten.</summary>
internal sealed class LeaseClock(EtcdEndpoints endpoints, Mirror mirror, EtcdStoreOptions options)
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);

    // Where etcd does not answer, each lease waits this long before the next try.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>By lease: the timestamp at which its time is over; 0 for one that etcd must be asked about.</summary>
    private readonly ConcurrentDictionary<LeaseId, long> _ends = new();

    /// <summary>Null when the lease is not known.</summary>
    public TimeSpan? Remaining(LeaseId lease)
    {
        if (mirror.View.Value.GetLease(lease) is not { } found) return null;
        if (!_ends.TryGetValue(lease, out var end) || end == 0) return TimeSpan.FromSeconds(found.TimeToLiveSeconds);
        var left = options.TimeProvider.GetElapsedTime(options.TimeProvider.GetTimestamp(), end);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Counts from now, which is never earlier than etcd's own count: the answer has arrived after etcd began.</summary>
    public void Renewed(LeaseId lease, TimeSpan timeToLive)
    {
        var ticks = Math.Min(timeToLive.TotalSeconds * options.TimeProvider.TimestampFrequency, long.MaxValue / 2);
        _ends[lease] = options.TimeProvider.GetTimestamp() + (long)ticks;
    }

    public void Ended(LeaseId lease) => _ends.TryRemove(lease, out _);

    /// <summary>A record is under a lease that somebody else has granted.</summary>
    public void Seen(LeaseId lease) => _ends.TryAdd(lease, 0);

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SweepInterval, options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = options.TimeProvider.GetTimestamp();
                foreach (var (lease, end) in _ends)
                {
                    if (end <= now) await AskAsync(lease, end, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    private async Task AskAsync(LeaseId lease, long end, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await endpoints.Current.Leases.LeaseTimeToLiveAsync(
                new LeaseTimeToLiveRequest { ID = lease.Value }, deadline: Calls.Deadline(options.RequestTimeout), cancellationToken: cancellationToken);
            if (answer.TTL > 0)
            {
                mirror.NoteLease(lease, answer.GrantedTTL);
                // etcd cuts the seconds off below.
                Renewed(lease, TimeSpan.FromSeconds(answer.TTL + 1));
                return;
            }

            // Its keys' deletion may still be on its way here; then it is asked about again. A renewal in between has the last word.
            if (answer.TTL == 0 || !mirror.TryForgetLease(lease)) return;
            _ends.TryRemove(new KeyValuePair<LeaseId, long>(lease, end));
        }
        catch (RpcException) when (!cancellationToken.IsCancellationRequested)
        {
            Renewed(lease, RetryDelay);
        }
    }
}
