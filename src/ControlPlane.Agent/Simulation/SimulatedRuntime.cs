using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ControlPlane.Agent.Logs;
using ControlPlane.Agent.Pods;
using ControlPlane.Agent.Runtimes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Simulation;

/// <summary>Plays containers without a process: a run lasts as long as the pod's annotation says, and ends with the code it says. What the API
/// shows is its only memory, so a restarted agent plays on where the last one was.</summary>
internal sealed class SimulatedRuntime : IContainerRuntime
{
    /// <summary>Seconds a run lasts, a decimal; <c>forever</c> is allowed.</summary>
    public const string RunSecondsAnnotation = "controlplane.dev/run-seconds";

    public const string ExitCodeAnnotation = "controlplane.dev/exit-code";

    private readonly ConcurrentDictionary<(string Uid, int Container), Run> _runs = new();
    private readonly Deadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly TimeSpan _runTime;

    /// <param name="runTime">How long a run lasts when nothing says otherwise and the pod is meant to end.</param>
    public SimulatedRuntime(Deadlines deadlines, TimeProvider time, TimeSpan runTime)
    {
        _deadlines = deadlines;
        _time = time;
        _runTime = runTime;
    }

    public string Scheme => "simulated";

    public Task<PodInput> StartAsync(Pod pod, int container, int attempt, Action<PodInput> report, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        Play(pod, container, attempt, now, report);
        return Task.FromResult<PodInput>(new PodInput.Started(container, attempt, now));
    }

    public void Signal(Pod pod, int container, int attempt, bool isKill)
    {
        if (_runs.TryGetValue((pod.Metadata.Uid, container), out var run) && run.Attempt == attempt) End(pod.Metadata.Uid, container, run, isKill ? 137 : 143);
    }

    public void Remember(Pod pod, PodState state)
    {
    }

    public PodState? Recall(Pod pod, Action<PodInput> report)
    {
        if (pod.Status.StartTime is null || pod.IsFinished) return null;
        var state = PodMachine.Accept(pod, _time.GetUtcNow());
        foreach (var reported in pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses))
        {
            var index = pod.Spec.IndexOf(reported.Name);
            if (index < 0) continue;
            var container = state.Containers[index] with { StartCount = reported.RestartCount + 1 };
            if (reported.State.Running is { StartedAt: { } startedAt })
            {
                state = PodMachine.Fold(pod, state.With(index, container with { Phase = ContainerPhase.Starting }), new PodInput.Started(index, reported.RestartCount, startedAt), _time.GetUtcNow(), ignoresProbes: true);
                Play(pod, index, reported.RestartCount, startedAt, report);
            }
            else if (reported.State.Terminated is { } ended)
            {
                var end = new ContainerEnd(reported.RestartCount, ended.ExitCode, ended.Reason ?? "Error", ended.Message, ended.StartedAt, ended.FinishedAt ?? _time.GetUtcNow());
                state = state.With(index, container with { Phase = ContainerPhase.Exited, LastEnd = end });
            }
        }

        return state;
    }

    public IEnumerable<Pod> Remembered() => [];

    public void Forget(Pod pod)
    {
        for (var container = 0; container < pod.Spec.InitContainers.Length + pod.Spec.Containers.Length; container++) _runs.TryRemove((pod.Metadata.Uid, container), out _);
    }

    public LogSource OpenLog(Pod pod, string container, int attempt)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"simulated run {attempt} of {pod.Metadata.Namespace}/{pod.Metadata.Name} container {container} on {pod.Spec.NodeName}\n");
        return new SimulatedLog(Encoding.UTF8.GetBytes(text), pod.Status.StartTime);
    }

    /// <summary>How long a run lasts; null: until it is stopped.</summary>
    public static TimeSpan? RunTimeOf(Pod pod, int container, TimeSpan runTime)
    {
        // Init containers get out of the way; a sidecar stays.
        if (PodMachine.IsSidecar(pod, container)) return null;
        if (container < pod.Spec.InitContainers.Length) return TimeSpan.Zero;
        if (pod.Metadata.Annotations?.GetValueOrDefault(RunSecondsAnnotation) is { } text)
        {
            return double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null;
        }

        return pod.Spec.RestartPolicy is "Never" or "OnFailure" ? runTime : null;
    }

    private void Play(Pod pod, int container, int attempt, DateTimeOffset startedAt, Action<PodInput> report)
    {
        var run = new Run(attempt, report);
        _runs[(pod.Metadata.Uid, container)] = run;
        if (RunTimeOf(pod, container, _runTime) is not { } lasts) return;
        var isMain = container >= pod.Spec.InitContainers.Length;
        var exitCode = isMain && int.TryParse(pod.Metadata.Annotations?.GetValueOrDefault(ExitCodeAnnotation), CultureInfo.InvariantCulture, out var code) ? code & 0xff : 0;
        var uid = pod.Metadata.Uid;
        _deadlines.Add(startedAt + lasts, () => End(uid, container, run, exitCode));
    }

    private void End(string uid, int container, Run run, int exitCode)
    {
        // Whoever takes the run out ends it; a deadline that comes after a signal finds nothing.
        if (_runs.TryRemove(KeyValuePair.Create((uid, container), run))) run.Report(new PodInput.Exited(container, run.Attempt, exitCode, _time.GetUtcNow()));
    }

    private sealed class Run(int attempt, Action<PodInput> report)
    {
        public int Attempt => attempt;

        public Action<PodInput> Report => report;
    }

    private sealed class SimulatedLog(byte[] text, DateTimeOffset? time) : LogSource
    {
        public override long Floor => 0;

        public override long Length => text.Length;

        public override int Read(long offset, Span<byte> buffer)
        {
            if (offset >= text.Length) return 0;
            var rest = text.AsSpan((int)offset);
            var count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            return count;
        }

        public override DateTimeOffset? TimeOf(long offset) => time;
    }
}
