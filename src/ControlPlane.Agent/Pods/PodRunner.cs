using System.Collections.Concurrent;
using System.Threading.Channels;
using ControlPlane.Agent.Probes;
using ControlPlane.Agent.Runtimes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Pods;

/// <summary>Drives every pod of the agent: folds news into states, asks <see cref="PodMachine"/> what to do, does it, and hands the status on.
/// Pods are worked on concurrently, each by one worker at a time.</summary>
internal sealed class PodRunner : IAsyncDisposable
{
    // Turns wait for disk and API, not for the processor; more workers would only start more programs at once than a machine likes.
    private const int WorkerCount = 8;

    private static readonly TimeSpan TroubleRetryInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PodActor> _actors = new();

    // Unbounded, but an actor is in it at most once.
    private readonly Channel<PodActor> _ready = Channel.CreateUnbounded<PodActor>();
    private readonly IContainerRuntime _runtime;
    private readonly StatusWriter _status;
    private readonly IPodJournal _journal;
    private readonly Deadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly Action<string> _notice;
    private readonly ProbeKeeper? _probes;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _workers;

    /// <param name="probes">Null: nobody probes, and what runs counts as ready.</param>
    public PodRunner(IContainerRuntime runtime, StatusWriter status, IPodJournal journal, Deadlines deadlines, TimeProvider time, Action<string> notice, ProbeKeeper? probes)
    {
        _probes = probes;
        _notice = notice;
        _runtime = runtime;
        _status = status;
        _journal = journal;
        _deadlines = deadlines;
        _time = time;
        _workers = [.. Enumerable.Range(0, WorkerCount).Select(_ => Task.Run(() => WorkAsync(_stopping.Token)))];
    }

    public int Count => _actors.Count;

    public IReadOnlyCollection<PodActor> Actors => (IReadOnlyCollection<PodActor>)_actors.Values;

    /// <summary>Null when this agent does not hold the pod.</summary>
    public PodActor? Find(string uid) => _actors.GetValueOrDefault(uid);

    /// <summary>The API shows this pod on one of our nodes.</summary>
    public void Observe(Pod pod)
    {
        if (!_actors.TryGetValue(pod.Metadata.Uid, out var actor))
        {
            actor = _actors.GetOrAdd(pod.Metadata.Uid, _ => new(pod));
        }

        actor.Pod = pod;
        Enqueue(actor);
    }

    /// <summary>The API no longer has the pod, and said so itself: it is ended here, and its traces are removed.</summary>
    public void ObserveGone(string uid)
    {
        if (!_actors.TryGetValue(uid, out var actor)) return;
        actor.Tell(new PodInput.Stop(StopCause.Gone, PodMachine.GraceOf(actor.Pod)));
        Enqueue(actor);
    }

    /// <summary>Ends every pod with its own grace. Completes when all have ended and the API was told, or the token is cancelled.</summary>
    public async Task StopAllAsync(CancellationToken cancellationToken)
    {
        foreach (var actor in _actors.Values)
        {
            actor.Tell(new PodInput.Stop(StopCause.AgentStops, PodMachine.GraceOf(actor.Pod)));
            Enqueue(actor);
        }

        while (_actors.Values.Any(actor => actor.State is not { IsOver: true }))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
        }

        await _status.FlushAsync(cancellationToken);
    }

    /// <summary>Stops working on pods; what runs, runs on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_workers);
        _stopping.Dispose();
    }

    private void Enqueue(PodActor actor)
    {
        if (actor.MarkQueued()) _ready.Writer.TryWrite(actor);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var actor in _ready.Reader.ReadAllAsync(cancellationToken))
            {
                // Before the turn: what arrives during it asks for another.
                actor.UnmarkQueued();
                await TurnExclusivelyAsync(actor, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task TurnExclusivelyAsync(PodActor actor, CancellationToken cancellationToken)
    {
        if (!actor.TryBeginTurn())
        {
            // Another worker has it and will look once more when it is done.
            return;
        }

        do
        {
            try
            {
                await TurnAsync(actor, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // A full disk, above all. One pod's trouble must not stop the others, nor be forgotten.
                _notice($"pod {actor.Pod.Metadata.Namespace}/{actor.Pod.Metadata.Name}: {exception}; trying again in {TroubleRetryInterval.TotalSeconds:0} s");
                _deadlines.Add(_time.GetUtcNow() + TroubleRetryInterval, () => Enqueue(actor));
            }
        }
        while (!actor.TryEndTurn());
    }

    private async Task TurnAsync(PodActor actor, CancellationToken cancellationToken)
    {
        var pod = actor.Pod;
        var state = actor.State ?? Begin(actor, pod);
        while (actor.TryTake(out var input)) state = Fold(pod, state, input!);
        state = ObserveDeletion(actor, pod, state);

        for (var mustDecide = true; mustDecide;)
        {
            var decision = PodMachine.Decide(pod, state, _time.GetUtcNow());
            state = PodStatusDocument.MarkConditions(pod, decision.State, _time.GetUtcNow());
            Keep(actor, pod, state);
            mustDecide = false;
            foreach (var action in decision.Actions)
            {
                switch (action)
                {
                    case PodAction.Start start:
                        if (!actor.IsImageNoticed) _journal.ImageIgnored(pod);
                        actor.IsImageNoticed = true;
                        var answer = await _runtime.StartAsync(pod, start.Container, start.Attempt, news => Report(actor, news), cancellationToken);
                        state = Fold(pod, state, answer);
                        mustDecide = true;
                        break;
                    case PodAction.Signal signal:
                        if (!signal.IsKill) _journal.Killing(pod, pod.Spec.ContainerAt(signal.Container).Name);
                        _runtime.Signal(pod, signal.Container, signal.Attempt, signal.IsKill);
                        break;
                }
            }

            if (decision.WakeAt is { } wakeAt && !mustDecide) _deadlines.Add(wakeAt, () => Enqueue(actor));
        }

        _probes?.Observe(actor, news => Report(actor, news));
        if (state is { IsOver: true, Stop.Cause: StopCause.Gone })
        {
            _actors.TryRemove(actor.Uid, out _);
            _runtime.Forget(pod);
        }
    }

    private PodState Begin(PodActor actor, Pod pod)
    {
        if (_runtime.Recall(pod, news => Report(actor, news)) is { } known)
        {
            actor.IsImageNoticed = true;
            return known;
        }

        actor.IsForeign = pod.IsFinished;
        var state = PodMachine.Accept(pod, _time.GetUtcNow());
        return actor.IsForeign ? state with { Stop = new(StopCause.Deleted, _time.GetUtcNow(), TimeSpan.Zero) } : state;
    }

    private PodState Fold(Pod pod, PodState state, PodInput input)
    {
        _journal.Note(pod, input);
        return PodMachine.Fold(pod, state, input, _time.GetUtcNow(), ignoresProbes: _probes is null);
    }

    private PodState ObserveDeletion(PodActor actor, Pod pod, PodState state)
    {
        if (!pod.Metadata.IsBeingDeleted) return state;
        var grace = TimeSpan.FromSeconds(pod.Metadata.DeletionGracePeriodSeconds ?? PodMachine.GraceOf(pod).TotalSeconds);
        if (actor.DeletionGrace <= grace) return state;
        actor.DeletionGrace = grace;
        return Fold(pod, state, new PodInput.Stop(StopCause.Deleted, grace));
    }

    private void Keep(PodActor actor, Pod pod, PodState state)
    {
        if (ReferenceEquals(actor.State, state)) return;
        if (!actor.IsForeign) _runtime.Remember(pod, state);
        actor.State = state;
        _status.Enqueue(actor);
    }

    private void Report(PodActor actor, PodInput news)
    {
        actor.Tell(news);
        Enqueue(actor);
    }
}
