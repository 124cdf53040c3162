using System.Text;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.ApiServer.Storage;
using ControlPlane.ApiServer.Watches;
using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using CsCheck;

namespace ControlPlane.Tests.ApiServer.Watches;

public sealed class WatchCursorTests
{
    private static readonly Selection Everything = Selection.Parse(ConfigMap.Resource, null, null, null);

    [Fact]
    public async Task A_cursor_that_was_overtaken_reads_on_from_the_stores_history()
    {
        // More than the feed's ring holds.
        const int Changes = 6000;
        var store = new LocalStore();
        await using var feeds = new WatchFeeds(store, ResourceRegistry.BuiltIn);
        using var cursor = feeds.Open(Everything, 0);
        for (var i = 1; i <= Changes; i++) await PutAsync(store, ConfigMap.Resource, $"m{i}");
        await ProcessedAsync(feeds, Changes);
        Assert.Equal(Enumerable.Range(1, Changes).Select(i => $"m{i}"), ReadAll(cursor).Select(change => change.Change.Name));
    }

    [Fact]
    public async Task A_cursor_below_the_history_is_told_that_it_is_expired()
    {
        var store = new LocalStore();
        for (var i = 1; i <= 10; i++) await PutAsync(store, ConfigMap.Resource, $"m{i}");
        await store.ProposeAsync(new Compact(new Revision(8)), CancellationToken.None);
        await using var feeds = new WatchFeeds(store, ResourceRegistry.BuiltIn);
        using var cursor = feeds.Open(Everything, 2);
        var refusal = Assert.Throws<ApiException>(() => ReadAll(cursor));
        Assert.Equal("Expired", refusal.Status.Reason);
        Assert.Equal("too old resource version: 2 (8)", refusal.Message);
    }

    [Fact]
    public async Task Changes_of_other_kinds_move_the_place_to_resume_from()
    {
        var store = new LocalStore();
        await using var feeds = new WatchFeeds(store, ResourceRegistry.BuiltIn);
        using var cursor = feeds.Open(Everything, 0);
        for (var i = 1; i <= 5; i++) await PutAsync(store, Secret.Resource, $"s{i}");
        await ProcessedAsync(feeds, 5);
        Assert.Empty(ReadAll(cursor));
        Assert.Equal(5, cursor.Revision);
    }

    [Fact]
    public async Task From_any_revision_and_by_any_step_a_cursor_sees_what_the_history_says()
    {
        var store = new LocalStore();
        await using var feeds = new WatchFeeds(store, ResourceRegistry.BuiltIn);
        using var early = feeds.Open(Everything, 0);
        var expected = new List<(long Revision, string Name)>();
        for (var i = 1; i <= 200; i++)
        {
            var resource = i % 3 == 0 ? Secret.Resource : ConfigMap.Resource;
            await PutAsync(store, resource, $"m{i % 7}");
            if (resource == ConfigMap.Resource) expected.Add((i, $"m{i % 7}"));
        }

        await ProcessedAsync(feeds, 200);
        Gen.Select(Gen.Int[0, 200], Gen.Int[1, 50]).Sample((after, step) =>
        {
            using var cursor = feeds.Open(Everything, after);
            var seen = ReadAll(cursor, step).Select(change => (change.Revision, change.Change.Name));
            Assert.Equal(expected.Where(change => change.Revision > after), seen);
            Assert.Equal(200, cursor.Revision);
        }, iter: 200);
    }

    private static List<SelectedChange> ReadAll(WatchCursor cursor, int step = 256)
    {
        var all = new List<SelectedChange>();
        var some = new List<SelectedChange>();
        long before;
        do
        {
            before = cursor.Revision;
            some.Clear();
            cursor.Read(some, step);
            all.AddRange(some);
        }
        while (cursor.Revision > before);
        return all;
    }

    private static async Task PutAsync(LocalStore store, ResourceDescriptor resource, string name)
    {
        var json = $"{{\"apiVersion\":\"v1\",\"kind\":\"{resource.Kind.Kind}\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"a\"}}}}";
        var put = new Operation.Put(ObjectKeys.Of(resource, "a", name), Encoding.UTF8.GetBytes(json), LeaseId.None);
        await store.ProposeAsync(new Transaction([], [put], []), CancellationToken.None);
    }

    private static async Task ProcessedAsync(WatchFeeds feeds, long revision)
    {
        using var deadline = new CancellationTokenSource(ServerFixture.Deadline);
        while (feeds.Processed < revision)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
