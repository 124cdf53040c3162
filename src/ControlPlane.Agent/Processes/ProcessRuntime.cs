using System.Collections.Concurrent;
using System.Text.Json;
using ControlPlane.Agent.Environments;
using ControlPlane.Agent.Logs;
using ControlPlane.Agent.Pods;
using ControlPlane.Agent.Runtimes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Processes;

/// <summary>Runs containers as plain processes of this machine. The image is ignored; everything else a process can have, it gets.</summary>
internal sealed class ProcessRuntime : IContainerRuntime, IAsyncDisposable
{
    // Often enough for a person who reads times; a stat a container each time.
    private static readonly TimeSpan LogLookInterval = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan ConfigurationRetryInterval = TimeSpan.FromSeconds(2);

    private readonly string _data;
    private readonly Func<NodeFacts> _node;
    private readonly ISourceReader _sources;
    private readonly TimeProvider _time;
    private readonly ProcessWatch _watch = new();
    private readonly LogKeeper _logs;

    /// <summary>Of live runs, by the stem of their files.</summary>
    private readonly ConcurrentDictionary<string, int> _pids = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _logLoop;

    /// <param name="data">Where pods' folders lie.</param>
    /// <param name="node">Asked at every start.</param>
    public ProcessRuntime(string data, Func<NodeFacts> node, ISourceReader sources, TimeProvider time, long logSizeMaxBytes)
    {
        // Absolute, since children change their directory.
        _data = Path.GetFullPath(data);
        _node = node;
        _sources = sources;
        _time = time;
        _logs = new(time, logSizeMaxBytes);
        Directory.CreateDirectory(PodDirectory.Root(_data));
        _logLoop = FollowLogsAsync(_stopping.Token);
    }

    public string Scheme => "process";

    public async Task<PodInput> StartAsync(Pod pod, int container, int attempt, Action<PodInput> report, CancellationToken cancellationToken)
    {
        var specification = pod.Spec.ContainerAt(container);
        try
        {
            var directory = new PodDirectory(_data, pod.Metadata.Uid);
            directory.Create();
            var node = _node();
            var wanted = ContainerEnvironment.SourcesOf(specification).Concat(PodVolumes.SourcesOf(pod, specification)).Distinct();
            var sources = new Dictionary<SourceName, SourceData?>();
            foreach (var source in wanted) sources[source] = await _sources.ReadAsync(pod.Metadata.Namespace!, source, cancellationToken);
            var environment = ContainerEnvironment.Make(pod, specification, node, sources);
            var mounts = PodVolumes.Prepare(pod, specification, node, sources, directory.Volumes);
            return Spawn(pod, container, attempt, specification, directory, environment, mounts, report);
        }
        catch (ConfigurationMissingException missing)
        {
            return new PodInput.NotStarted(container, attempt, IsFinal: false, 0, "CreateContainerConfigError", missing.Message, ConfigurationRetryInterval);
        }
        catch (CannotRunException refused)
        {
            return new PodInput.NotStarted(container, attempt, IsFinal: true, 128, refused.Reason, refused.Message, TimeSpan.Zero);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SpawnException or SourceUnavailableException)
        {
            return new PodInput.NotStarted(container, attempt, IsFinal: false, 0, "CreateContainerError", exception.Message, ConfigurationRetryInterval);
        }
    }

    public void Signal(Pod pod, int container, int attempt, bool isKill)
    {
        var stem = StemOf(pod, container, attempt);
        if (!_pids.TryGetValue(stem, out var pid) || !Shim.IsAt(pid, stem)) return;
        _ = Native.Kill(-pid, isKill ? Native.SigKill : Native.SigTerm);
    }

    public void Remember(Pod pod, PodState state)
    {
        var directory = new PodDirectory(_data, pod.Metadata.Uid);
        directory.Create();
        directory.SavePod(JsonSerializer.SerializeToUtf8Bytes(pod, Pod.TypeInfo));
        directory.SaveState(state);
    }

    public PodState? Recall(Pod pod, Action<PodInput> report)
    {
        if (new PodDirectory(_data, pod.Metadata.Uid).LoadState() is not { } state) return Reported(pod);
        for (var index = 0; index < state.Containers.Length; index++)
        {
            var container = state.Containers[index];
            if (!container.IsAlive) continue;
            var attempt = container.StartCount - 1;
            var stem = StemOf(pod, index, attempt);
            if (Shim.ReadPid(stem) is { } pid && Shim.IsAt(pid, stem))
            {
                // The run may be older than the note of its start.
                var startedAt = container.StartedAt ?? new DateTimeOffset(File.GetLastWriteTimeUtc(stem + ".pid"));
                state = PodMachine.Fold(pod, state with { Containers = state.Containers.SetItem(index, container with { Phase = ContainerPhase.Starting }) }, new PodInput.Started(index, attempt, startedAt), _time.GetUtcNow());
                Follow(index, attempt, stem, pid, isChild: false, report);
            }
            else
            {
                // Ordered, but the agent ended before the shim began: nothing ran.
                PodInput news = File.Exists(stem + ".pid")
                    ? EndOf(index, attempt, stem, null)
                    : new PodInput.NotStarted(index, attempt, IsFinal: false, 0, "ContainerCreating", "the agent was restarted", TimeSpan.Zero);
                state = PodMachine.Fold(pod, state, news, _time.GetUtcNow());
            }
        }

        return state;
    }

    public IEnumerable<Pod> Remembered()
    {
        foreach (var folder in Directory.EnumerateDirectories(PodDirectory.Root(_data)))
        {
            if (new PodDirectory(_data, Path.GetFileName(folder)).LoadPod() is { } pod) yield return pod;
        }
    }

    public void Forget(Pod pod) => new PodDirectory(_data, pod.Metadata.Uid).Delete();

    public LogSource? OpenLog(Pod pod, string container, int attempt) => FileLogSource.Open(new PodDirectory(_data, pod.Metadata.Uid).Stem(container, attempt));

    /// <summary>The pid of a live run's shim, or null.</summary>
    public int? PidOf(Pod pod, int container, int attempt) => _pids.TryGetValue(StemOf(pod, container, attempt), out var pid) ? pid : null;

    /// <summary>Stops watching; processes go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _logLoop;
        _watch.Dispose();
        _stopping.Dispose();
    }

    private PodInput Spawn(
        Pod pod,
        int container,
        int attempt,
        Container specification,
        PodDirectory directory,
        Dictionary<string, string> environment,
        List<BindMount> mounts,
        Action<PodInput> report)
    {
        var workingDirectory = specification.WorkingDir is { Length: > 0 } wanted ? wanted : directory.Work;
        if (!Directory.Exists(workingDirectory) && mounts.Count == 0) throw new CannotRunException($"workingDir {workingDirectory} does not exist on the node");
        var command = CommandLine.Resolve(specification, environment, workingDirectory);
        var odd = environment.Where(pair => !IsShellName(pair.Key)).Select(pair => $"{pair.Key}={pair.Value}").ToList();
        if (odd.Count > 0) command.InsertRange(0, ["/usr/bin/env", .. odd]);
        var stem = directory.Stem(specification.Name, attempt);
        Directory.CreateDirectory(Path.GetDirectoryName(stem)!);
        directory.DropRunsBefore(specification.Name, attempt - 1);

        // A run that a crash interrupted between order and note may have left files.
        foreach (var stale in Directory.EnumerateFiles(Path.GetDirectoryName(stem)!, Path.GetFileName(stem) + ".*")) File.Delete(stale);
        var pid = Spawner.Start(new(
            Shim.Arguments(stem, command, mounts),
            [.. environment],
            Directory.Exists(workingDirectory) ? workingDirectory : directory.Work,
            stem + ".log",
            stem + ".err"));
        Follow(container, attempt, stem, pid, isChild: true, report);
        return new PodInput.Started(container, attempt, _time.GetUtcNow());
    }

    // Kubernetes allows dots and dashes in names; a shell hands on only names of its own kind, so the others are added behind it.
    private static bool IsShellName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private void Follow(int container, int attempt, string stem, int pid, bool isChild, Action<PodInput> report)
    {
        _logs.Add(stem);
        _pids[stem] = pid;
        _watch.Add(pid, isChild, exitCode =>
        {
            // What an adopted program left in its group ends with it; a child's was ended before it was reaped.
            if (!isChild) _ = Native.Kill(-pid, Native.SigKill);
            _pids.TryRemove(stem, out _);
            _logs.Remove(stem);
            report(EndOf(container, attempt, stem, exitCode));
        });
    }

    /// <param name="exitCode">What a parent saw, or null when we are none: then the shim's file tells.</param>
    private PodInput.Exited EndOf(int container, int attempt, string stem, int? exitCode)
    {
        var now = _time.GetUtcNow();
        if (exitCode is { } code)
        {
            const int cannotExecute = 126, notFound = 127;
            var remark = code is cannotExecute or notFound && File.Exists(stem + ".err") ? File.ReadAllText(stem + ".err").Trim() : "";
            return remark.Length > 0
                ? new(container, attempt, code, now, "StartError", remark)
                : new(container, attempt, code, now);
        }

        if (Shim.ReadExitCode(stem) is { } written) return new(container, attempt, written, new DateTimeOffset(File.GetLastWriteTimeUtc(stem + ".exit")));
        return new(container, attempt, 137, now, "ContainerStatusUnknown", "The container ended, by force or with the machine, while no agent watched it; its exit code is not known");
    }

    /// <summary>A pod the API says has run here, of which nothing is left: its folder was removed or the machine is another.</summary>
    private PodState? Reported(Pod pod)
    {
        if (pod.Status.StartTime is null) return null;
        var now = _time.GetUtcNow();
        var state = PodMachine.Accept(pod, now);
        foreach (var reported in pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses))
        {
            var index = pod.Spec.IndexOf(reported.Name);
            if (index < 0) continue;
            var container = state.Containers[index] with { StartCount = reported.RestartCount + 1 };
            if (reported.State.Terminated is { } terminated)
            {
                state = state.With(index, container with { Phase = ContainerPhase.Exited, LastEnd = new(reported.RestartCount, terminated.ExitCode, terminated.Reason ?? "Error", terminated.Message, terminated.StartedAt, terminated.FinishedAt ?? now) });
            }
            else if (reported.State.Running is { } running)
            {
                state = state.With(index, container with { Phase = ContainerPhase.Exited, LastEnd = new(reported.RestartCount, 137, "ContainerStatusUnknown", "The container could not be found when the agent started: its folder is gone", running.StartedAt, now) });
            }
        }

        return state;
    }

    private string StemOf(Pod pod, int container, int attempt) => new PodDirectory(_data, pod.Metadata.Uid).Stem(pod.Spec.ContainerAt(container).Name, attempt);

    private async Task FollowLogsAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LogLookInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) _logs.LookAtAll();
        }
        catch (OperationCanceledException)
        {
            // The runtime stops.
        }
    }
}
