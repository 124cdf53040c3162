using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Http;
using ControlPlane.Client.Informers;
using ControlPlane.Commands;

namespace ControlPlane.Following;

/// <summary>Tells, line by line, what applied objects do: Jobs and the Jobs of CronJobs, their pods, their logs, and warnings about any of them.</summary>
internal sealed class FollowApplied
{
    // Of a large Job a few pods are told in full; the rest shows in the Job's own progress.
    private const int PodsToldMax = 8;

    // Log lines read and not yet printed; a stuck terminal slows the readers down instead of filling memory.
    private const int LogLinesMax = 1024;

    // A pod's last words may still be on their way when its end is known; and a lost log must not hold the end back for ever.
    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(5);

    private readonly IResourceClient _client;
    private readonly ILogSource _logs;
    private readonly TimeProvider _time;
    private readonly FollowPrinter _printer;
    private readonly Channel<Input> _inputs = Channel.CreateUnbounded<Input>();
    private readonly SemaphoreSlim _logRoom = new(LogLinesMax);
    private readonly Dictionary<string, FollowedJob> _jobs = [];
    private readonly Dictionary<string, FollowedPod> _pods = [];
    private readonly HashSet<string> _cronJobs = [];
    private readonly HashSet<string> _warnings = [];
    private readonly List<Task> _readers = [];
    private readonly List<Informer> _podInformers = [];
    private bool _isInterrupted;

    private FollowApplied(IResourceClient client, ILogSource logs, Terminal terminal, TimeProvider time)
    {
        _client = client;
        _logs = logs;
        _time = time;
        _printer = new(terminal, time);
    }

    /// <summary>Follows until every applied Job has ended (<paramref name="untilComplete"/>; at once when there is none), or until cancelled.</summary>
    /// <param name="applied">As the server answered: names, namespaces and uids count.</param>
    /// <returns>0 when all applied Jobs are complete or following was ended by the caller; 1 when one failed or is gone; 130 when cancelled before the end
    /// that was waited for.</returns>
    public static async Task<int> RunAsync(
        IResourceClient client, ILogSource logs, IEnumerable<ResourceObject> applied, Terminal terminal, bool untilComplete, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        var follow = new FollowApplied(client, logs, terminal, time ?? TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var namespaces = follow.Start(applied);
        var informers = namespaces.SelectMany(@namespace => follow.Watch(@namespace, stop.Token)).ToList();
        try
        {
            return await follow.TellAsync(untilComplete, stop.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!untilComplete) return CommandTree.Done;
            follow._printer.Close("No longer following; what was applied goes on by itself.", Color.Yellow);
            return CommandTree.Interrupted;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(informers.Concat(follow._readers)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<string> Start(IEnumerable<ResourceObject> applied)
    {
        var namespaces = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in applied)
        {
            if (item.Resource.Kind == Job.Resource.Kind) _jobs[item.Uid] = new(item.Name, IsApplied: true);
            else if (item.Resource.Kind == CronJob.Resource.Kind) _cronJobs.Add(item.Uid);
            else if (item.Resource.Kind == Pod.Resource.Kind) _pods[item.Uid] = new(item.Name, null);
            else continue;
            if (item.Namespace is not null) namespaces.Add(item.Namespace);
        }

        return [.. namespaces];
    }

    private IEnumerable<Task> Watch(string @namespace, CancellationToken cancellationToken)
    {
        foreach (var resource in (ResourceDescriptor[])[Job.Resource, Pod.Resource, Event.Resource])
        {
            var informer = new Informer(_client, resource, new(@namespace), time: _time)
            {
                OnInterrupted = error => _inputs.Writer.TryWrite(new Interrupted(error.Message)),
            };
            informer.OnChange(change => _inputs.Writer.TryWrite(new ObjectChanged(change)));
            if (resource == Pod.Resource) _podInformers.Add(informer);
            yield return informer.RunAsync(cancellationToken);
        }
    }

    private async Task<int> TellAsync(bool untilComplete, CancellationToken cancellationToken)
    {
        Task<Input>? next = null;
        while (true)
        {
            TellEndings();
            if (untilComplete && _jobs.Values.Where(job => job.IsApplied).All(job => job.IsTold)) return Conclude();
            next ??= _inputs.Reader.ReadAsync(cancellationToken).AsTask();
            // Only while an ending waits for the last log lines does time matter.
            if (_pods.Values.Any(pod => pod.IsEnding) || _jobs.Values.Any(job => job.IsEnding))
            {
                await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
                if (!next.IsCompleted) continue;
            }

            var input = await next;
            next = null;
            switch (input)
            {
                case ObjectChanged(var change):
                    _isInterrupted = false;
                    OnChange(change, cancellationToken);
                    break;
                case LogLine(var who, var text):
                    _logRoom.Release();
                    _printer.Log(who, text);
                    break;
                case LogEnded(var uid):
                    if (_pods.TryGetValue(uid, out var pod)) pod.OpenLogs--;
                    break;
                case Interrupted(var error) when !_isInterrupted:
                    _isInterrupted = true;
                    _printer.Say("server", $"{error}; trying again", Color.Yellow);
                    break;
            }
        }
    }

    private int Conclude() => _jobs.Values.Any(job => job is { IsApplied: true, HasFailed: true }) ? CommandTree.Failed : CommandTree.Done;

    private void OnChange(ObjectChange change, CancellationToken cancellationToken)
    {
        var kind = change.Latest.Resource.Kind;
        if (kind == Job.Resource.Kind) OnJob(change, cancellationToken);
        else if (kind == Pod.Resource.Kind) OnPod(change, cancellationToken);
        else OnEvent(change);
    }

    private void OnJob(ObjectChange change, CancellationToken cancellationToken)
    {
        var now = change.Latest.As<Job>();
        if (!_jobs.TryGetValue(change.Latest.Uid, out var job))
        {
            // A CronJob's Job counts from its start; those of long ago are not news.
            if (now.Metadata.ControllerRef is not { } owner || !_cronJobs.Contains(owner.Uid) || (change.IsAdded && now.IsFinished)) return;
            _jobs[change.Latest.Uid] = job = new(change.Latest.Name, IsApplied: false);
        }

        if (change.IsDeleted)
        {
            if (!job.IsTold) _printer.Say(job.Label, "deleted", Color.Yellow);
            job.IsTold = job.HasFailed = true;
            return;
        }

        var isFirst = job.Last is null;
        if (JobStory.Between(job.Last, now) is var (what, color)) _printer.Say(job.Label, what, color);
        job.Last = now;
        if (now.IsFinished && job.EndSeen is null) job.EndSeen = _time.GetTimestamp();
        // Its pods may have come first, when nobody knew whose they are.
        if (!isFirst) return;
        foreach (var pod in _podInformers.SelectMany(informer => informer.Cache.OwnedBy(change.Latest.Uid))) OnPod(new(null, pod), cancellationToken);
    }

    private void OnPod(ObjectChange change, CancellationToken cancellationToken)
    {
        var now = change.Latest.As<Pod>();
        var uid = change.Latest.Uid;
        if (!_pods.TryGetValue(uid, out var pod))
        {
            if (now.Metadata.ControllerRef is not { } owner || !_jobs.TryGetValue(owner.Uid, out var job)) return;
            _pods[uid] = pod = new(change.Latest.Name, owner.Uid);
            pod.IsQuiet = ++job.PodCount > PodsToldMax;
            if (job.PodCount == PodsToldMax + 1) _printer.Say(job.Label, "more pods run; from here on only the job's progress is shown", Color.Gray);
        }

        // Seen already, in a cache that was ahead of its changes.
        if (!change.IsDeleted && change.Latest.ResourceVersion <= pod.LastVersion) return;
        pod.LastVersion = change.Latest.ResourceVersion;
        if (change.IsDeleted)
        {
            if (!pod.IsTold && !pod.IsQuiet) _printer.Say(pod.Name, "gone", Color.Gray);
            pod.IsTold = true;
            return;
        }

        if (!pod.IsQuiet)
        {
            foreach (var (what, color) in PodStory.Between(pod.Last, now)) _printer.Say(pod.Name, what, color);
            FollowLogs(uid, pod, now, cancellationToken);
        }

        pod.Last = now;
        if (now.IsFinished && pod.EndSeen is null) pod.EndSeen = _time.GetTimestamp();
    }

    private void FollowLogs(string uid, FollowedPod pod, Pod now, CancellationToken cancellationToken)
    {
        foreach (var status in now.Status.ContainerStatuses)
        {
            var hasOutput = status.State.Running is not null || status.State.Terminated is not null;
            // Each run of a container has a log of its own.
            if (!hasOutput || !pod.LogsOpened.Add($"{status.Name}#{status.RestartCount}")) continue;
            pod.OpenLogs++;
            var who = now.Spec.Containers.Length > 1 ? $"{pod.Name}/{status.Name}" : pod.Name;
            _readers.Add(ReadLogAsync(uid, who, now, status.Name, cancellationToken));
        }
    }

    private async Task ReadLogAsync(string uid, string who, Pod pod, string container, CancellationToken cancellationToken)
    {
        try
        {
            await using var log = await _logs.OpenAsync(pod.Metadata.Namespace ?? "default", pod.Metadata.Name, new(container, Follow: true), cancellationToken);
            using var lines = new StreamReader(log);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                await _logRoom.WaitAsync(cancellationToken);
                _inputs.Writer.TryWrite(new LogLine(who, line));
            }
        }
        catch (Exception lost) when (lost is Api.Errors.ApiException or IOException or HttpRequestException)
        {
            // The story goes on without the words; where to find them is said.
            await _logRoom.WaitAsync(cancellationToken);
            _inputs.Writer.TryWrite(new LogLine(who, $"(log not available: {lost.Message})"));
        }

        _inputs.Writer.TryWrite(new LogEnded(uid));
    }

    private void OnEvent(ObjectChange change)
    {
        if (change.IsDeleted) return;
        var noted = change.Latest.As<Event>();
        var uid = noted.InvolvedObject.Uid ?? "";
        if (noted.Type != "Warning" || !(_jobs.ContainsKey(uid) || (_pods.TryGetValue(uid, out var pod) && !pod.IsQuiet))) return;
        // A repeated warning says nothing new; back-off is told by the pod itself.
        if (noted.Reason == "BackOff" || !_warnings.Add($"{uid} {noted.Reason} {noted.Message}")) return;
        var who = _jobs.TryGetValue(uid, out var job) ? job.Label : noted.InvolvedObject.Name ?? "";
        _printer.Say(who, $"{noted.Reason}: {noted.Message}", Color.Yellow);
    }

    private void TellEndings()
    {
        foreach (var pod in _pods.Values.Where(pod => pod.IsEnding && (pod.OpenLogs <= 0 || HasWaited(pod.EndSeen))))
        {
            pod.IsTold = true;
            if (pod.IsQuiet) continue;
            var (what, color) = PodStory.Ending(pod.Last!);
            _printer.Say(pod.Name, what, color);
        }

        foreach (var (uid, job) in _jobs.Where(pair => pair.Value.IsEnding).ToList())
        {
            // The Job's end may be known before its pods' is; their last words come first all the same.
            var isEarly = job.PodCount < job.Last!.Status.Succeeded + job.Last.Status.Failed || _pods.Values.Any(pod => pod.JobUid == uid && !pod.IsTold);
            if (isEarly && !HasWaited(job.EndSeen)) continue;
            job.IsTold = true;
            job.HasFailed = job.Last.IsFailed;
            var (what, color) = JobStory.Ending(job.Last);
            _printer.Say(job.Label, what, color);
            if (job.HasFailed) _printer.Say(job.Label, $"look closer with: controlplane describe job/{job.Name} -n {job.Last.Metadata.Namespace}", Color.Gray);
        }
    }

    private bool HasWaited(long? since) => since is { } start && _time.GetElapsedTime(start) >= LogPatience;

    private abstract record Input;

    private sealed record ObjectChanged(ObjectChange Change) : Input;

    private sealed record LogLine(string Who, string Text) : Input;

    private sealed record LogEnded(string PodUid) : Input;

    private sealed record Interrupted(string Error) : Input;

    private sealed record FollowedJob(string Name, bool IsApplied)
    {
        public string Label => $"job/{Name}";

        public Job? Last { get; set; }

        public int PodCount { get; set; }

        public long? EndSeen { get; set; }

        public bool IsTold { get; set; }

        public bool HasFailed { get; set; }

        public bool IsEnding => EndSeen is not null && !IsTold;
    }

    private sealed record FollowedPod(string Name, string? JobUid)
    {
        public Pod? Last { get; set; }

        public long LastVersion { get; set; }

        public HashSet<string> LogsOpened { get; } = [];

        public int OpenLogs { get; set; }

        public long? EndSeen { get; set; }

        public bool IsQuiet { get; set; }

        public bool IsTold { get; set; }

        public bool IsEnding => EndSeen is not null && !IsTold;
    }
}
