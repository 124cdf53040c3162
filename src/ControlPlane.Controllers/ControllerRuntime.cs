using System.Collections.Immutable;
using ControlPlane.Api.Clients;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers;

/// <summary>Runs the controllers while this server leads. One call of <see cref="RunAsync"/> is one term of leadership: it starts with empty caches
/// and ends with every task awaited, so that two terms never overlap.</summary>
/// <param name="client">The API; in process on a server.</param>
/// <param name="options">Times and bounds.</param>
/// <param name="time">Null: the system's clock.</param>
/// <param name="notify">Receives what an operator may want to read; called from any thread. Null: nobody.</param>
/// <param name="others">Controllers besides the built-in ones, such as the scheduling loop; each is made anew for every term.</param>
public sealed class ControllerRuntime(
    IResourceClient client,
    ControllerOptions? options = null,
    TimeProvider? time = null,
    Action<ControllerNotice>? notify = null,
    params ImmutableArray<Func<ControllerContext, IController>> others)
{
    // A fault is a bug that would come again at once; a second keeps the log readable.
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Action<ControllerNotice> _notify = notify ?? (_ => { });

    /// <summary>Works until cancelled (leadership is lost, the server stops); then completes. Never faults: should a controller fall, all are started anew.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await RunTermAsync(cancellationToken) is not { } fault) return;
            _notify(new("controllers", "term", $"a controller fell; all start anew in {RestartDelay.TotalSeconds:0} s", fault));
            await Task.Delay(RestartDelay, _time, cancellationToken).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private async Task<Exception?> RunTermAsync(CancellationToken cancellationToken)
    {
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var informers = new InformerSet(client, _time, _notify);
        var events = new EventRecorder(client, _time, _notify);
        var context = new ControllerContext(client, informers, events, _time, _notify);
        ImmutableArray<IController> controllers = [.. BuiltIns.For(context, options ?? new()), .. others.Select(make => make(context))];

        Exception? fault = null;
        var tasks = controllers.Select(controller => controller.RunAsync(term.Token)).Append(informers.RunAsync(term.Token)).Append(events.RunAsync(term.Token)).ToList();
        while (tasks.Count > 0)
        {
            var ended = await Task.WhenAny(tasks);
            tasks.Remove(ended);
            if (ended.IsFaulted) fault ??= ended.Exception.GetBaseException();
            // One that ends before its time has fallen; the others would go on half-blind.
            await term.CancelAsync();
        }

        return cancellationToken.IsCancellationRequested ? null : fault ?? new InvalidOperationException("a controller ended before its time");
    }
}
