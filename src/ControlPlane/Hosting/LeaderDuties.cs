using ControlPlane.Replica;

namespace ControlPlane.Hosting;

/// <summary>Runs what only the leader may run (controllers, scheduler), for as long as this server leads, and never two terms at once.</summary>
internal sealed class LeaderDuties(IReplicatedStore store, Func<CancellationToken, Task> work, Action<string> log)
{
    /// <summary>Until cancelled; then completes with the work ended.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var leadership = store.Leadership;
                if (!leadership.IsLeader || !leadership.IsReady)
                {
                    await store.WaitForLeadershipChangeAsync(leadership, cancellationToken);
                    continue;
                }

                await LeadAsync(leadership, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            log("controllers stopped");
        }
    }

    private async Task LeadAsync(Leadership leadership, CancellationToken cancellationToken)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        log($"leading in term {leadership.Term}");
        var duties = work(term.Token);
        try
        {
            for (var seen = leadership; seen.IsLeader && seen.Term == leadership.Term;)
            {
                var changed = store.WaitForLeadershipChangeAsync(seen, cancellationToken).AsTask();
                // Work that ends by itself has failed: the process stops rather than lead without controllers.
                if (await Task.WhenAny(changed, duties) == duties) await duties;
                seen = await changed;
            }
        }
        finally
        {
            await term.CancelAsync();
            await EndedAsync(duties);
        }

        log($"no longer leading in term {leadership.Term}");
    }

    private static async Task EndedAsync(Task duties)
    {
        try
        {
            await duties;
        }
        catch (OperationCanceledException)
        {
            // Asked for just above.
        }
    }
}
