using System.Collections.Concurrent;
using ControlPlane.Agent.Pods;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Probes;

/// <summary>Asks one container once.</summary>
internal interface IProber
{
    /// <summary>Null when it is well, else what is wrong. Does not throw but for cancellation.</summary>
    Task<string?> AskAsync(Pod pod, int container, int attempt, Probe probe, CancellationToken cancellationToken);
}

/// <summary>Runs the probes of every running container: startup first and alone, then readiness and liveness side by side.</summary>
internal sealed class ProbeKeeper(IProber prober, TimeProvider time) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Uid, int Container, int Attempt), Task> _runs = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Begins to probe what has begun to run. Call after every turn of a pod.</summary>
    public void Observe(PodActor actor, Action<PodInput> report)
    {
        var containers = actor.State!.Containers;
        for (var index = 0; index < containers.Length; index++)
        {
            if (containers[index].Phase != ContainerPhase.Running) continue;
            if (actor.Pod.Spec.ContainerAt(index) is { StartupProbe: null, ReadinessProbe: null, LivenessProbe: null }) continue;
            var key = (actor.Uid, index, containers[index].StartCount - 1);
            if (_runs.ContainsKey(key)) continue;
            var run = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_runs.TryAdd(key, run.Task)) _ = ProbeAsync(actor, index, key.Item3, report, () =>
            {
                _runs.TryRemove(key, out _);
                run.SetResult();
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_runs.Values);
        _stopping.Dispose();
    }

    private async Task ProbeAsync(PodActor actor, int index, int attempt, Action<PodInput> report, Action done)
    {
        try
        {
            var container = actor.Pod.Spec.ContainerAt(index);
            if (container.StartupProbe is { } startup && !await StartAsync(actor, index, attempt, startup, report)) return;
            if (container.StartupProbe is not null) report(new PodInput.Probed(index, attempt, HasStarted: true, IsReady: container.ReadinessProbe is null));
            await Task.WhenAll(
                container.ReadinessProbe is { } readiness ? WatchReadinessAsync(actor, index, attempt, readiness, report) : Task.CompletedTask,
                container.LivenessProbe is { } liveness ? WatchLivenessAsync(actor, index, attempt, liveness, report) : Task.CompletedTask);
        }
        catch (OperationCanceledException)
        {
            // The agent stops; the next one probes anew.
        }
        finally
        {
            done();
        }
    }

    private async Task<bool> StartAsync(PodActor actor, int index, int attempt, Probe probe, Action<PodInput> report)
    {
        var counter = new ProbeCounter(probe);
        for (var isFirst = true; await NextAsync(actor, index, attempt, probe, isFirst); isFirst = false)
        {
            var trouble = await prober.AskAsync(actor.Pod, index, attempt, probe, _stopping.Token);
            switch (counter.Count(trouble is null))
            {
                case true:
                    return true;
                case false:
                    report(new PodInput.Unhealthy(index, attempt, "startup", trouble ?? ""));
                    return false;
            }
        }

        return false;
    }

    private async Task WatchReadinessAsync(PodActor actor, int index, int attempt, Probe probe, Action<PodInput> report)
    {
        var counter = new ProbeCounter(probe);
        bool? told = null;
        for (var isFirst = true; await NextAsync(actor, index, attempt, probe, isFirst); isFirst = false)
        {
            var verdict = counter.Count(await prober.AskAsync(actor.Pod, index, attempt, probe, _stopping.Token) is null);
            if (verdict is not { } isReady || told == isReady) continue;
            told = isReady;
            report(new PodInput.Probed(index, attempt, HasStarted: true, isReady));
        }
    }

    private async Task WatchLivenessAsync(PodActor actor, int index, int attempt, Probe probe, Action<PodInput> report)
    {
        var counter = new ProbeCounter(probe);
        for (var isFirst = true; await NextAsync(actor, index, attempt, probe, isFirst); isFirst = false)
        {
            var trouble = await prober.AskAsync(actor.Pod, index, attempt, probe, _stopping.Token);
            if (counter.Count(trouble is null) != false) continue;
            report(new PodInput.Unhealthy(index, attempt, "liveness", trouble ?? ""));
            return;
        }
    }

    /// <summary>Waits for the next turn of a probe; false when the run has ended or is being ended.</summary>
    private async Task<bool> NextAsync(PodActor actor, int index, int attempt, Probe probe, bool isFirst)
    {
        var wait = TimeSpan.FromSeconds(isFirst ? probe.InitialDelaySeconds ?? 0 : Math.Max(1, probe.PeriodSeconds ?? 10));
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, _stopping.Token);
        return actor.State is { Stop: null } state && state.Containers[index] is { Phase: ContainerPhase.Running, UnhealthyAt: null } container && container.StartCount - 1 == attempt;
    }
}
