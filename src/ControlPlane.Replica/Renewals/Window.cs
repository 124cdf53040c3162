using System.Collections.Immutable;
using ControlPlane.Store.Commands;

namespace ControlPlane.Replica.Renewals;

/// <summary>Gathers one kind of request into commands, at most one command a window's length.</summary>
/// <param name="join">Makes one command of requests.</param>
/// <param name="part">The answer to the request of that number, out of the command's.</param>
internal sealed class Window<T>(
    IReplicatedStore store, TimeProvider time, Func<ImmutableArray<T>, Command> join, Func<Result, int, T, Result> part)
{
    // Node leases have about half a kilobyte: 256 make an entry of 128 KiB, an eighth of an append.
    private const int CountMax = 256;

    private readonly Lock _lock = new();
    private List<Waiter> _waiting = [];
    private bool _isOpen;

    public Task<ProposalOutcome> ProposeAsync(T request, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(request);
        var isFirst = false;
        lock (_lock)
        {
            _waiting.Add(waiter);
            if (!_isOpen) _isOpen = isFirst = true;
        }

        // Ends by itself within a window after the last request; every failure goes to those who wait.
        if (isFirst) _ = RunAsync();
        return waiter.Completion.Task.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            // Not awaited: a commit that takes long must not make the next window longer.
            _ = SendAsync(batch);
            if (batch.Count < CountMax) await Task.Delay(RenewalWindow.Length, time);
        }
    }

    private List<Waiter> Take()
    {
        lock (_lock)
        {
            var batch = _waiting;
            _waiting = [];
            if (batch.Count > CountMax)
            {
                _waiting.AddRange(batch[CountMax..]);
                batch.RemoveRange(CountMax, batch.Count - CountMax);
            }

            _isOpen = batch.Count > 0;
            return batch;
        }
    }

    private async Task SendAsync(List<Waiter> batch)
    {
        try
        {
            var outcome = await store.ProposeAsync(join([.. batch.Select(waiter => waiter.Request)]), CancellationToken.None);
            for (var index = 0; index < batch.Count; index++)
            {
                batch[index].Completion.SetResult(outcome is ProposalOutcome.Committed(var result)
                    ? new ProposalOutcome.Committed(part(result, index, batch[index].Request))
                    : outcome);
            }
        }
        catch (Exception failure)
        {
            foreach (var waiter in batch) waiter.Completion.TrySetException(failure);
        }
    }

    private sealed class Waiter(T request)
    {
        public T Request { get; } = request;

        public TaskCompletionSource<ProposalOutcome> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
