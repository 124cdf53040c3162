using System.Collections.Immutable;
using ControlPlane.Api.Control;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Informers;

namespace ControlPlane.Controllers.Runtime;

/// <summary>Looks at everything at once, at a steady pace: for decisions that need the whole (how many nodes are lost?) and for clearing up what grew old.</summary>
/// <param name="period">Between the end of one look and the start of the next.</param>
/// <param name="reads">The kinds the world holds.</param>
/// <param name="sweep">Pure; its plan's steps concern unrelated objects, so a refused one does not hold back the others.</param>
internal sealed class SweepController(ControllerContext context, string name, TimeSpan period, ImmutableArray<ResourceDescriptor> reads, Func<World, Plan> sweep)
    : IController
{
    private readonly ImmutableArray<Informer> _informers = [.. reads.Select(context.Informers.For)];
    private readonly PlanExecutor _executor = new(context.Client, context.Events, name, goesOn: true);

    public string Name => name;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var informer in _informers) await informer.WhenSynced(cancellationToken);
            while (true)
            {
                await SweepAsync(cancellationToken);
                await Task.Delay(period, context.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The term of leadership is over: nothing to tell.
        }
    }

    /// <summary>One look and what follows from it.</summary>
    internal async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await _executor.CarryOutAsync(sweep(new CacheWorld(_informers, context.Time.GetUtcNow())), cancellationToken);
            if (outcome is PlanOutcome.Refused refused)
            {
                context.Notify(new(name, refused.Subject.ToString(), $"refused, tried again in {period.TotalSeconds:0.###} s: {refused.Status.Message}"));
            }
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            context.Notify(new(name, "sweep", $"failed, tried again in {period.TotalSeconds:0.###} s", error));
        }
    }
}
