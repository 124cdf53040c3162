using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using static ControlPlane.Tests.Etcd.Face;
using WatchCall = Grpc.Core.AsyncDuplexStreamingCall<ControlPlane.Etcd.Protocol.WatchRequest, ControlPlane.Etcd.Protocol.WatchResponse>;

namespace ControlPlane.Tests.Etcd.Watches;

public sealed class WatchTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _deadline = new(Deadline);
    private Face _face = null!;

    public async ValueTask InitializeAsync() => _face = await StartAsync(options => options with { TimeProvider = _time });

    public async ValueTask DisposeAsync()
    {
        await _face.DisposeAsync();
        _deadline.Dispose();
    }

    [Fact]
    public async Task A_watch_sees_what_happens_after_it_was_created_and_a_deletion_without_value()
    {
        await _face.PutAsync("a", "0");
        using var call = _face.Watches.Watch();
        Assert.Equal((1, 0), await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), PrevKv = true }));

        await _face.PutAsync("a", "1");
        await _face.PutAsync("b", "unwatched");
        await _face.DeleteAsync("a");

        Assert.Equal(["put a=1 @2 was 0", "delete a @4 was 1"], await EventsAsync(call, 2));
    }

    [Fact]
    public async Task A_watch_from_the_past_reads_on_into_the_present_without_gap_or_repeat()
    {
        for (var number = 1; number <= 1500; number++) await _face.PutDirectAsync("a", $"{number}");
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 1 });
        var writing = Task.Run(async () =>
        {
            for (var number = 1501; number <= 2000; number++) await _face.PutDirectAsync("a", $"{number}");
        });

        Assert.Equal(Enumerable.Range(1, 2000).Select(number => $"put a={number} @{number}"), await EventsAsync(call, 2000));
        await writing;
    }

    [Fact]
    public async Task A_watch_of_the_future_begins_there()
    {
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 3 });
        foreach (var value in new[] { "1", "2", "3" }) await _face.PutAsync("a", value);
        Assert.Equal(["put a=3 @3"], await EventsAsync(call, 1));
    }

    [Fact]
    public async Task Several_watches_share_a_stream_and_each_has_its_filters()
    {
        using var call = _face.Watches.Watch();
        Assert.Equal(0, (await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), Filters = { WatchCreateRequest.Types.FilterType.Noput } })).Id);
        Assert.Equal(7, (await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), RangeEnd = Bytes("c"), WatchId = 7, Filters = { WatchCreateRequest.Types.FilterType.Nodelete } })).Id);
        Assert.Equal(1, (await CreateAsync(call, new WatchCreateRequest { Key = Bytes("z") })).Id);

        await _face.PutAsync("a", "1");
        await _face.PutAsync("b", "2");
        await _face.DeleteAsync("a");
        await _face.PutAsync("z", "end");

        var seen = new Dictionary<long, List<string>> { [0] = [], [7] = [], [1] = [] };
        while (seen.Values.Sum(events => events.Count) < 4)
        {
            var response = await NextAsync(call);
            seen[response.WatchId].AddRange(response.Events.Select(Line));
        }

        Assert.Equal(["delete a @3"], seen[0]);
        Assert.Equal(["put a=1 @1", "put b=2 @2"], seen[7]);
        Assert.Equal(["put z=end @4"], seen[1]);
    }

    [Fact]
    public async Task All_events_of_a_revision_come_in_one_response_unless_fragments_are_taken()
    {
        using var whole = _face.Watches.Watch();
        await CreateAsync(whole, new WatchCreateRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0) });
        using var split = _face.Watches.Watch();
        await CreateAsync(split, new WatchCreateRequest { Key = ByteString.CopyFrom(0), RangeEnd = ByteString.CopyFrom(0), Fragment = true });
        var large = new ReadOnlyMemory<byte>(new byte[1 << 20]);
        Operation Put(string key) => new Operation.Put(Bytes(key).Memory, large, LeaseId.None);

        await _face.Store.ProposeAsync(new Transaction([], [Put("a"), Put("b"), Put("c")], []), CancellationToken.None);

        var response = await NextAsync(whole);
        Assert.Equal((3, false), (response.Events.Count, response.Fragment));
        var parts = new List<WatchResponse>();
        do parts.Add(await NextAsync(split));
        while (parts[^1].Fragment);
        Assert.Equal([1, 1, 1], parts.Select(part => part.Events.Count));
    }

    [Fact]
    public async Task A_watch_that_starts_below_the_floor_is_created_and_cancelled_with_the_floor()
    {
        foreach (var value in new[] { "1", "2", "3" }) await _face.PutAsync("a", value);
        await _face.Keys.CompactAsync(new CompactionRequest { Revision = 2 });
        using var call = _face.Watches.Watch();

        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 1 });
        var cancelled = await NextAsync(call);
        Assert.Equal((true, 2, 0), (cancelled.Canceled, cancelled.CompactRevision, cancelled.Events.Count));

        // The floor itself can be watched: a client that goes on there must not be sent away again.
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 2 });
        Assert.Equal(["put a=2 @2", "put a=3 @3"], await EventsAsync(call, 2));
    }

    [Fact]
    public async Task A_member_that_begins_with_a_snapshot_admits_that_it_does_not_know_what_led_to_it()
    {
        await _face.PutAsync("a", "1");
        await _face.DeleteAsync("a");
        var view = _face.Store.Latest;
        await using var restored = await StartAsync(state: StoreState.Restore(view.Head, view.Range(default, null)));
        using var call = restored.Watches.Watch();

        // The deletion is revision 2, and so is the snapshot: saying nothing would lose it.
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 2 });
        var cancelled = await NextAsync(call);
        Assert.Equal((true, 3, 0), (cancelled.Canceled, cancelled.CompactRevision, cancelled.Events.Count));

        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), StartRevision = 3 });
        await restored.PutAsync("a", "2");
        Assert.Equal(["put a=2 @3"], await EventsAsync(call, 1));
    }

    [Fact]
    public async Task A_cancelled_watch_is_told_so_and_sees_nothing_more()
    {
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a") });
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("b") });
        await call.RequestStream.WriteAsync(new WatchRequest { CancelRequest = new WatchCancelRequest { WatchId = 0 } });
        var cancelled = await NextAsync(call);
        Assert.Equal((0, true), (cancelled.WatchId, cancelled.Canceled));

        await _face.PutAsync("a", "1");
        await _face.PutAsync("b", "2");

        Assert.Equal(["put b=2 @2"], await EventsAsync(call, 1));
    }

    [Fact]
    public async Task A_watch_of_nothing_and_one_with_a_taken_id_are_refused()
    {
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), WatchId = 5 });
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Bytes("b"), WatchId = 5 } });
        Assert.Equal((-1, "mvcc: duplicate watch ID provided on the WatchStream"), await RefusalAsync());
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = new WatchCreateRequest { Key = Bytes("b"), RangeEnd = Bytes("a") } });
        Assert.Equal((-1, "mvcc: watcher range is empty"), await RefusalAsync());

        async Task<(long, string)> RefusalAsync()
        {
            var response = await NextAsync(call);
            Assert.True(response is { Created: true, Canceled: true });
            return (response.WatchId, response.CancelReason);
        }
    }

    [Fact]
    public async Task Progress_asked_for_comes_after_every_event_up_to_its_revision()
    {
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a") });
        for (var number = 1; number <= 50; number++) await _face.PutAsync(number % 2 == 0 ? "a" : "b", $"{number}");
        await call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });

        long seen = 0;
        WatchResponse response;
        while ((response = await NextAsync(call)).Events.Count > 0) seen = response.Events[^1].Kv.ModRevision;
        Assert.Equal(-1, response.WatchId);
        Assert.InRange(response.Header.Revision, seen, 50);
        // An even revision is an event of this watch: it was seen if progress has passed it.
        Assert.True(seen >= response.Header.Revision - 1, $"progress {response.Header.Revision} after event {seen}");
    }

    [Fact]
    public async Task A_quiet_watch_that_wants_progress_is_told_of_it_now_and_then()
    {
        using var call = _face.Watches.Watch();
        await CreateAsync(call, new WatchCreateRequest { Key = Bytes("a"), ProgressNotify = true });
        await _face.PutAsync("b", "1");
        await _face.PutAsync("a", "2");
        Assert.Equal(["put a=2 @2"], await EventsAsync(call, 1));

        _time.Advance(TimeSpan.FromMinutes(10)); // Something was sent since: nothing to tell.
        await call.RequestStream.WriteAsync(new WatchRequest { ProgressRequest = new WatchProgressRequest() });
        Assert.Equal(-1, (await NextAsync(call)).WatchId);
        _time.Advance(TimeSpan.FromMinutes(10));
        var response = await NextAsync(call);
        Assert.Equal((0, 2, 0), (response.WatchId, response.Header.Revision, response.Events.Count));
    }

    [Fact]
    public async Task A_reader_that_stops_reading_loses_nothing_and_holds_up_nobody()
    {
        using var slow = _face.Watches.Watch();
        await CreateAsync(slow, new WatchCreateRequest { Key = Bytes("a") });
        using var quick = _face.Watches.Watch();
        await CreateAsync(quick, new WatchCreateRequest { Key = Bytes("a") });
        const int count = 3000;
        var value = new string('x', 2000);
        var reading = EventsAsync(quick, count);
        for (var number = 0; number < count; number++) await _face.PutDirectAsync("a", value);

        Assert.Equal(count, (await reading).Count);
        // 6 MB by now: more than the windows of the connection and the events that wait; the rest is read from history.
        Assert.Equal(Enumerable.Range(1, count).Select(number => $"put a={value} @{number}"), await EventsAsync(slow, count));
    }

    private async Task<(long Revision, long Id)> CreateAsync(WatchCall call, WatchCreateRequest request)
    {
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request });
        var created = await NextAsync(call);
        Assert.True(created is { Created: true, Canceled: false }, created.ToString());
        return (created.Header.Revision, created.WatchId);
    }

    private async Task<WatchResponse> NextAsync(WatchCall call)
    {
        Assert.True(await call.ResponseStream.MoveNext(_deadline.Token));
        return call.ResponseStream.Current;
    }

    private async Task<List<string>> EventsAsync(WatchCall call, int count)
    {
        var events = new List<string>();
        while (events.Count < count) events.AddRange((await NextAsync(call)).Events.Select(Line));
        return events;
    }

    private static string Line(Event one) =>
        (one.Type == Event.Types.EventType.Put ? $"put {one.Kv.Key.ToStringUtf8()}={one.Kv.Value.ToStringUtf8()}" : $"delete {one.Kv.Key.ToStringUtf8()}")
        + $" @{one.Kv.ModRevision}" + (one.PrevKv is null ? "" : $" was {one.PrevKv.Value.ToStringUtf8()}");
}
