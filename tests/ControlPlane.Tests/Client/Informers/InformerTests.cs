using System.Collections.Concurrent;
using System.Threading.Channels;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Informers;
using Microsoft.Extensions.Time.Testing;
using static ControlPlane.Tests.Client.Informers.ScriptedClient;

namespace ControlPlane.Tests.Client.Informers;

public sealed class InformerTests : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly ScriptedClient _client = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _seen = Channel.CreateUnbounded<string>();
    private readonly Informer _informer;
    private Task _run = Task.CompletedTask;

    public InformerTests()
    {
        _informer = new(_client, Pods, time: _time, chance: new Random(1));
        _informer.OnChange(Record);
    }

    [Fact]
    public async Task Lists_then_watches_from_the_revision_of_the_list()
    {
        _client.WillList(5, Pod("a", 3), Pod("b", 5));
        _client.WillWatch(Modified(Pod("a", 6)), Deleted(Pod("b", 7)), Added(Pod("c", 8)));
        Start();

        Assert.Equal(["list", "watch 5"], [await AskedAsync(), await AskedAsync()]);
        Assert.Equal(["+a@3", "+b@5", "a@3→6", "-b@5", "+c@8"], await SeenAsync(5));
        Assert.True(_informer.HasSynced);
        Assert.Equal(8, _informer.Revision);
        Assert.Equal(["a", "c"], _informer.Cache.All().Select(pod => pod.Name));
    }

    [Fact]
    public async Task A_cut_stream_resumes_after_the_last_event_and_a_bookmark_counts_as_one()
    {
        _client.WillList(5);
        _client.WillWatch(Added(Pod("a", 6)), Bookmark(90)).Complete(new IOException("connection reset"));
        _client.WillWatch(Modified(Pod("a", 91)));
        Start();

        Assert.Equal(["list", "watch 5", "watch 90"], [await AskedAsync(), await AskedAsync(), await AskedAsync()]);
        Assert.Equal(["+a@6", "a@6→91"], await SeenAsync(2));
    }

    [Fact]
    public async Task A_forgotten_revision_is_listed_again_and_only_differences_are_told()
    {
        _client.WillList(5, Pod("a", 3), Pod("b", 4), Pod("c", 5));
        _client.WillWatch(Bookmark(6)).Complete(ApiErrors.Expired("too old resource version: 6 (50)"));
        _client.WillList(60, Pod("a", 3), Pod("c", 55), Pod("d", 58));
        _client.WillWatch();
        Start();

        Assert.Equal(["+a@3", "+b@4", "+c@5", "c@5→55", "+d@58", "-b@4"], await SeenAsync(6));
        Assert.Equal(["list", "watch 5", "list", "watch 60"], [await AskedAsync(), await AskedAsync(), await AskedAsync(), await AskedAsync()]);
    }

    [Fact]
    public async Task A_server_that_refuses_is_asked_again_with_growing_pauses()
    {
        for (var i = 0; i < 3; i++) _client.WillRefuseList(new HttpRequestException("connection refused"));
        _client.WillList(1);
        _client.WillWatch();
        var time = new ImpatientTime();
        var informer = new Informer(_client, Pods, time: time, chance: new Random(1));
        _run = Task.Run(() => informer.RunAsync(_stop.Token));

        Assert.Equal(["list", "list", "list", "list", "watch 1"], [await AskedAsync(), await AskedAsync(), await AskedAsync(), await AskedAsync(), await AskedAsync()]);
        var pauses = time.Pauses.Select(pause => pause.TotalMilliseconds).ToList();
        Assert.Equal(3, pauses.Count);
        Assert.InRange(pauses[0], 100, 200);
        Assert.InRange(pauses[1], 200, 400);
        Assert.InRange(pauses[2], 400, 800);
    }

    [Fact]
    public async Task A_late_subscriber_first_sees_what_exists()
    {
        _client.WillList(5, Pod("a", 3));
        var stream = _client.WillWatch();
        Start();
        await _informer.WhenSynced(CancellationToken.None).WaitAsync(Deadline);
        await SeenAsync(1);

        var late = Channel.CreateUnbounded<string>();
        using (_informer.OnChange(change => late.Writer.TryWrite(Describe(change))))
        {
            stream.TryWrite(Modified(Pod("a", 9)));
            Assert.Equal("+a@3", await late.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
            Assert.Equal("a@3→9", await late.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        }
    }

    [Fact]
    public async Task The_cache_finds_by_owner_and_by_namespace_and_an_old_snapshot_stays_as_it_was()
    {
        _client.WillList(5, Pod("b", 3, owner: "u1"), Pod("a", 3, owner: "u1"), Pod("z", 4, "other"));
        var stream = _client.WillWatch();
        Start();
        await SeenAsync(3);
        var before = _informer.Cache;
        stream.TryWrite(Modified(Pod("b", 6, owner: "u2")));
        stream.TryWrite(Deleted(Pod("a", 7, owner: "u1")));
        await SeenAsync(2);

        Assert.Equal(["a", "b"], before.OwnedBy("u1").Select(pod => pod.Name));
        Assert.Equal(["z"], before.InNamespace("other").Select(pod => pod.Name));
        Assert.Empty(_informer.Cache.OwnedBy("u1"));
        Assert.Equal(["b"], _informer.Cache.OwnedBy("u2").Select(pod => pod.Name));
        Assert.Equal(2, _informer.Cache.Count);
        Assert.Equal(3, before.Count);
    }

    [Fact]
    public async Task A_handler_that_throws_ends_the_informer_with_its_error()
    {
        _client.WillList(5, Pod("a", 3));
        using var subscription = _informer.OnChange(_ => throw new InvalidOperationException("handler bug"));
        Start();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => _run.WaitAsync(Deadline));
        Assert.Equal("handler bug", error.Message);
    }

    [Fact]
    public void Fifty_thousand_objects_are_indexed_at_once_and_changed_cheaply()
    {
        var pods = Enumerable.Range(0, 50_000).Select(i => Pod($"p{i:D5}", i + 1, $"ns{i % 50}", $"owner{i / 10}")).ToList();
        var cache = ObjectCache.Empty(ObjectIndex.ControllerOwner).Replace(pods, 50_000);
        Assert.Equal(50_000, cache.Count);
        Assert.Equal(10, cache.OwnedBy("owner77").Count());

        // A change copies a path, not the cache: a few kilobytes, whatever the size.
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            var old = pods[i * 17];
            cache = cache.With(new(old, Pod(old.Name, 60_000 + i, old.Namespace!, $"owner{i * 17 / 10}")), 60_000 + i);
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1_000, 0, 16_000);
        Assert.Equal(50_000, cache.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(Deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Start() => _run = Task.Run(() => _informer.RunAsync(_stop.Token));

    private void Record(ObjectChange change) => _seen.Writer.TryWrite(Describe(change));

    private static string Describe(ObjectChange change) => change switch
    {
        { Old: null } => $"+{change.New!.Name}@{change.New.ResourceVersion}",
        { New: null } => $"-{change.Old.Name}@{change.Old.ResourceVersion}",
        _ => $"{change.New.Name}@{change.Old.ResourceVersion}→{change.New.ResourceVersion}",
    };

    private async Task<List<string>> SeenAsync(int count)
    {
        var seen = new List<string>();
        while (seen.Count < count) seen.Add(await _seen.Reader.ReadAsync().AsTask().WaitAsync(Deadline));
        return seen;
    }

    private Task<string> AskedAsync() => _client.Asked.Reader.ReadAsync().AsTask().WaitAsync(Deadline);

    /// <summary>Writes down how long it was asked to wait, and does not.</summary>
    private sealed class ImpatientTime : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Pauses { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Enqueue(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
