using System.Collections.Immutable;
using ControlPlane.Api.Control;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Looks at everything at once, at a steady pace: for decisions that need the whole (how many nodes are lost?) and for clearing up what grew old.</summary>
internal sealed class SweepController : IController
{
    // A wave of changes, such as a thousand nodes that register, is a few sweeps and not a thousand.
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(100);

    private readonly ControllerContext _context;
    private readonly TimeSpan _period;
    private readonly Func<World, Plan> _sweep;
    private readonly ImmutableArray<Informer> _informers;
    private readonly PlanExecutor _executor;
    private readonly Lock _lock = new();
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="period">Between two looks when nothing wakes it.</param>
    /// <param name="reads">The kinds the world holds.</param>
    /// <param name="sweep">Pure; its plan's steps concern unrelated objects, so a refused one does not hold back the others.</param>
    /// <param name="wakes">A kind whose changes ask for a look at once, or null.</param>
    public SweepController(ControllerContext context, string name, TimeSpan period, ImmutableArray<ResourceDescriptor> reads, Func<World, Plan> sweep, ResourceDescriptor? wakes = null)
    {
        _context = context;
        Name = name;
        _period = period;
        _sweep = sweep;
        _informers = [.. reads.Select(context.Informers.For)];
        _executor = new(context.Client, context.Events, name);
        if (wakes is not null) context.Informers.For(wakes).OnChange(_ => Wake());
    }

    public string Name { get; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var informer in _informers) await informer.WhenSynced(cancellationToken);
            while (true)
            {
                var woken = Woken();
                var again = await SweepAsync(cancellationToken);
                await Task.Delay(PauseMin, _context.Time, cancellationToken);
                await WaitAsync(woken, again < _period ? again.Value : _period, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The term of leadership is over: nothing to tell.
        }
    }

    /// <summary>One look and what follows from it.</summary>
    /// <returns>When the next is wanted; null: after the period.</returns>
    internal async Task<TimeSpan?> SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var plan = _sweep(new CacheWorld(_informers, _context.Time.GetUtcNow()));
            var outcomes = await _executor.CarryOutByObjectAsync(plan, cancellationToken);
            foreach (var refused in outcomes.OfType<PlanOutcome.Refused>())
            {
                _context.Notify(new(Name, refused.Subject.ToString(), $"refused, tried again with the next look: {refused.Status.Message}"));
            }

            return plan.ReconcileAfter;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _context.Notify(new(Name, "sweep", "failed, tried again with the next look", error));
            return null;
        }
    }

    private async Task WaitAsync(Task woken, TimeSpan delay, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(woken, Task.Delay(delay, _context.Time, wait.Token));
        await wait.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    // Taken before a look: what changes during it wakes the next one.
    private Task Woken()
    {
        lock (_lock)
        {
            if (_woken.Task.IsCompleted) _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _woken.Task;
        }
    }

    private void Wake()
    {
        lock (_lock) _woken.TrySetResult();
    }
}
