using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Http;
using ControlPlane.Commands;
using ControlPlane.Following;

namespace ControlPlane.Tests.Following;

public sealed class FollowAppliedTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly FakeCluster _cluster = new();
    private readonly Transcript _out = new();
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task A_job_is_told_from_its_start_to_its_end_with_its_log_in_between()
    {
        var job = _cluster.Put(Job.Resource, "pi", "j1", """{"spec":{"completions":1,"parallelism":1}}""");
        var following = FollowAsync([job]);
        await _out.Until("job/pi       started");
        _cluster.Put(Pod.Resource, "pi-x", "p1", Pod1("""{"phase":"Pending"}"""));
        _cluster.Put(Pod.Resource, "pi-x", "p1", Pod1("""{"phase":"Running","containerStatuses":[{"name":"main","state":{"running":{}}}]}""", "node-1"));
        await _out.Until("pi-x         running");
        _cluster.LogOf("pi-x").Writer.TryWrite("3.14159\n");
        await _out.Until("| 3.14159");

        // The ends of job and pod are known before the last words have been read; they are still told after them.
        _cluster.Put(Job.Resource, "pi", "j1", """{"spec":{"completions":1},"status":{"succeeded":1,"startTime":"2026-01-01T00:00:00Z","completionTime":"2026-01-01T00:00:03Z","conditions":[{"type":"Complete","status":"True"}]}}""");
        _cluster.Put(Pod.Resource, "pi-x", "p1", Pod1("""{"phase":"Succeeded","containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":0,"startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:00:02Z"}}}]}""", "node-1"));
        _cluster.LogOf("pi-x").Writer.TryWrite("last words\n");
        _cluster.LogOf("pi-x").Writer.Complete();

        Assert.Equal(CommandTree.Done, await following.WaitAsync(Deadline));
        Assert.Equal(
            [
                "job/pi        started",
                "pi-x          scheduled on node-1",
                "pi-x          running",
                "pi-x        | 3.14159",
                "pi-x        | last words",
                "pi-x          done in 2 s",
                "job/pi        complete: 1 of 1 done in 3 s",
            ],
            _out.Lines());
    }

    [Fact]
    public async Task A_job_that_fails_says_why_and_where_to_look()
    {
        var job = _cluster.Put(Job.Resource, "bad", "j1", """{"spec":{"completions":1}}""");
        var following = FollowAsync([job]);
        await _out.Until("started");
        _cluster.Put(Pod.Resource, "bad-x", "p1", Pod1("""{"phase":"Failed","containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":3,"reason":"Error"}}}]}""", "node-1"));
        _cluster.LogOf("bad-x").Writer.Complete();
        await _out.Until("exit code");
        _cluster.Put(Event.Resource, "e1", "e1", """{"type":"Warning","reason":"BackoffLimitExceeded","message":"no more","involvedObject":{"uid":"j1","name":"bad","kind":"Job"}}""");
        await _out.Until("no more");
        _cluster.Put(Job.Resource, "bad", "j1", """{"status":{"failed":1,"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit"}]}}""");

        Assert.Equal(CommandTree.Failed, await following.WaitAsync(Deadline));
        Assert.Equal(
            [
                "job/bad       started",
                "bad-x         scheduled on node-1",
                "bad-x         failed with exit code 3",
                "job/bad       BackoffLimitExceeded: no more",
                "job/bad       failed: BackoffLimitExceeded: Job has reached the specified backoff limit",
                "job/bad       look closer with: controlplane describe job/bad -n demo",
            ],
            _out.Lines());
    }

    [Fact]
    public async Task The_jobs_of_a_cron_job_are_followed_until_the_reader_has_enough()
    {
        var cron = _cluster.Put(CronJob.Resource, "hello", "c1", "{}");
        _cluster.Put(Job.Resource, "stranger", "j0", "{}");
        var following = FollowAsync([cron], untilComplete: false);
        _cluster.Put(Job.Resource, "hello-1", "j1", """{"spec":{"completions":1}}""", """[{"kind":"CronJob","name":"hello","uid":"c1","controller":true}]""");
        await _out.Until("job/hello-1");
        await _stop.CancelAsync();

        Assert.Equal(CommandTree.Done, await following.WaitAsync(Deadline));
        Assert.Equal(["job/hello-1   started"], _out.Lines());
    }

    [Fact]
    public async Task Of_many_pods_a_few_are_told_and_the_rest_counted()
    {
        var job = _cluster.Put(Job.Resource, "big", "j1", """{"spec":{"completions":100,"parallelism":20}}""");
        var following = FollowAsync([job]);
        for (var i = 0; i < 20; i++) _cluster.Put(Pod.Resource, $"big-{i:D2}", $"p{i}", Pod1("""{"phase":"Pending"}""", "node-1"));
        await _out.Until("only the job's progress is shown");
        _cluster.Put(Job.Resource, "big", "j1", """{"spec":{"completions":100,"parallelism":20},"status":{"succeeded":40,"failed":2}}""");
        await _out.Until("40 of 100 done, 2 failed");
        await _stop.CancelAsync();

        Assert.Equal(CommandTree.Interrupted, await following.WaitAsync(Deadline));
        Assert.Equal(8, _out.Lines().Count(line => line.Contains("scheduled on", StringComparison.Ordinal)));
    }

    public void Dispose() => _stop.Dispose();

    private Task<int> FollowAsync(ResourceObject[] applied, bool untilComplete = true) =>
        Task.Run(() => FollowApplied.RunAsync(_cluster, _cluster, applied, new Terminal(_out, _out, TextReader.Null), untilComplete, _stop.Token));

    private static string Pod1(string status, string? node = null) =>
        $$"""{"spec":{"containers":[{"name":"main"}]{{(node is null ? "" : $",\"nodeName\":\"{node}\"")}}},"status":{{status}}}""";

    /// <summary>What was printed, without the times; can be waited for.</summary>
    private sealed class Transcript : StringWriter
    {
        private readonly Lock _lock = new();

        public Transcript() => NewLine = "\n";

        public override void WriteLine(string? value)
        {
            lock (_lock) base.WriteLine(value);
        }

        public IReadOnlyList<string> Lines()
        {
            // "   0.1s  " comes before each line.
            lock (_lock) return [.. ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Length > 9 && line[6] == 's').Select(line => line[9..])];
        }

        public async Task Until(string text)
        {
            var deadline = Environment.TickCount64 + (long)Deadline.TotalMilliseconds;
            while (!Lines().Any(line => line.Contains(text, StringComparison.Ordinal) || line.Replace("  ", " ", StringComparison.Ordinal).Contains(text.Replace("  ", " ", StringComparison.Ordinal), StringComparison.Ordinal)))
            {
                Assert.True(Environment.TickCount64 < deadline, $"\"{text}\" was not said; so far:\n{string.Join('\n', Lines())}");
                await Task.Yield();
            }
        }
    }

    /// <summary>Objects and logs that a test moves by hand.</summary>
    private sealed class FakeCluster : IResourceClient, ILogSource
    {
        private readonly Lock _lock = new();
        private readonly List<ResourceObject> _history = [];
        private readonly Dictionary<string, Channel<string>> _logs = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ResourceObject Put(ResourceDescriptor resource, string name, string uid, string body, string? owners = null)
        {
            lock (_lock)
            {
                var revision = _history.Count + 1;
                owners ??= resource == Pod.Resource ? """[{"kind":"Job","name":"x","uid":"j1","controller":true}]""" : null;
                var document = (JsonObject)JsonNode.Parse(body)!;
                document["metadata"] = new JsonObject
                {
                    ["name"] = name,
                    ["namespace"] = "demo",
                    ["uid"] = uid,
                    ["resourceVersion"] = $"{revision}",
                    ["creationTimestamp"] = "2026-01-01T00:00:00Z",
                    ["ownerReferences"] = owners is null ? null : JsonNode.Parse(owners),
                };
                var item = new ResourceObject(resource, "demo", name, uid, revision, Encoding.UTF8.GetBytes(document.ToJsonString()));
                _history.Add(item);
                _changed.SetResult();
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                return item;
            }
        }

        public Channel<string> LogOf(string pod)
        {
            lock (_lock)
            {
                if (!_logs.TryGetValue(pod, out var log)) _logs[pod] = log = Channel.CreateUnbounded<string>();
                return log;
            }
        }

        public Task<ResourceList> ListAsync(ResourceDescriptor resource, ListQuery query, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                var items = _history.Where(item => item.Resource == resource).GroupBy(item => item.Uid).Select(versions => versions.Last()).ToList();
                return Task.FromResult(new ResourceList(items, _history.Count));
            }
        }

        public async IAsyncEnumerable<WatchEvent> WatchAsync(
            ResourceDescriptor resource, ListQuery query, long afterRevision, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            for (var next = (int)afterRevision; ;)
            {
                Task changed;
                List<ResourceObject> fresh;
                lock (_lock)
                {
                    changed = _changed.Task;
                    fresh = _history[next..];
                    next = _history.Count;
                }

                foreach (var item in fresh.Where(item => item.Resource == resource)) yield return new(WatchEventType.Modified, item, item.ResourceVersion);
                await changed.WaitAsync(cancellationToken);
            }
        }

        public Task<Stream> OpenAsync(string @namespace, string pod, LogQuery query, CancellationToken cancellationToken)
        {
            var pipe = new System.IO.Pipelines.Pipe();
            _ = Task.Run(async () =>
            {
                await foreach (var text in LogOf(pod).Reader.ReadAllAsync(cancellationToken)) await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
                await pipe.Writer.CompleteAsync();
            }, cancellationToken);
            return Task.FromResult(pipe.Reader.AsStream());
        }

        public Task<ResourceObject> GetAsync(ResourceKey key, CancellationToken cancellationToken) => throw NotAsked();

        public Task<ResourceObject> CreateAsync(ResourceDescriptor resource, string? @namespace, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) => throw NotAsked();

        public Task<ResourceObject> UpdateAsync(ResourceKey key, string? subresource, ReadOnlyMemory<byte> json, WriteQuery query, CancellationToken cancellationToken) => throw NotAsked();

        public Task<ResourceObject> PatchAsync(ResourceKey key, string? subresource, PatchKind kind, ReadOnlyMemory<byte> patch, WriteQuery query, CancellationToken cancellationToken) => throw NotAsked();

        public Task<ResourceObject> DeleteAsync(ResourceKey key, DeleteQuery query, CancellationToken cancellationToken) => throw NotAsked();

        public Task<IReadOnlyList<ApiStatus?>> BindAsync(IReadOnlyList<PodBinding> bindings, CancellationToken cancellationToken) => throw NotAsked();

        private static Exception NotAsked() => new InvalidOperationException("following only lists, watches and reads logs");
    }
}
