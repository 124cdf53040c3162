using System.Text.Json.Nodes;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.ApiServer.Watches;

/// <summary>Watches over HTTP, by what a real server sent.</summary>
public sealed class WatchTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_change_moves_an_object_in_and_out_of_a_selector()
    {
        var @namespace = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{@namespace}/configmaps";
        using var watch = await WatchStream.OpenAsync(server, $"{path}?watch=1&labelSelector=w%3D1&resourceVersion={server.Store.Latest.Revision}");
        await server.CreateConfigMapAsync(@namespace, "w1", ",\"labels\":{\"w\":\"1\"}");
        foreach (var patch in new[] { """{"data":{"a":"1"}}""", """{"metadata":{"labels":{"w":"2"}}}""", """{"data":{"a":"2"}}""", """{"metadata":{"labels":{"w":"1"}}}""" })
        {
            await server.SendAsync("PATCH", $"{path}/w1", patch, "application/merge-patch+json");
        }

        await server.SendAsync("DELETE", $"{path}/w1");

        Assert.Equal("ADDED w1", await watch.NextLineAsync());
        Assert.Equal("MODIFIED w1", await watch.NextLineAsync());
        var left = await watch.NextAsync();
        Assert.Equal("DELETED", left!["type"]!.ToString());
        // The old labels, at the revision of the change.
        Assert.Equal("1", left["object"]!["metadata"]!["labels"]!["w"]!.ToString());
        var back = await watch.NextAsync();
        Assert.Equal("ADDED", back!["type"]!.ToString());
        Assert.Equal("2", back["object"]!["data"]!["a"]!.ToString());
        Assert.True(Revision(left) < Revision(back));
        Assert.Equal("DELETED w1", await watch.NextLineAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task Without_a_revision_a_watch_begins_with_what_there_is(string query)
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        await server.CreateConfigMapAsync(@namespace, "b");
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/namespaces/{@namespace}/configmaps?watch=1{query}");
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        Assert.Equal("ADDED b", await watch.NextLineAsync());
        await server.CreateConfigMapAsync(@namespace, "c");
        Assert.Equal("ADDED c", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_streaming_list_ends_its_snapshot_with_a_bookmark()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/namespaces/{@namespace}/configmaps?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        var bookmark = await watch.NextAsync();
        Assert.Equal("BOOKMARK", bookmark!["type"]!.ToString());
        Assert.Equal("true", bookmark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.ToString());
        Assert.Equal("eyJraW5kIjoiQ29uZmlnTWFwTGlzdCIsImFwaVZlcnNpb24iOiJ2MSIsIm1ldGFkYXRhIjp7fSwiaXRlbXMiOm51bGx9Cg==",
            bookmark["object"]!["metadata"]!["annotations"]!["kubernetes.io/initial-events-list-blueprint"]!.ToString());
    }

    [Fact]
    public async Task A_watch_that_resumes_sees_each_change_once()
    {
        var @namespace = await server.NewNamespaceAsync();
        var first = await server.CreateConfigMapAsync(@namespace, "a");
        await server.CreateConfigMapAsync(@namespace, "b");
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/namespaces/{@namespace}/configmaps?watch=1&resourceVersion={first["metadata"]!["resourceVersion"]}");
        await server.CreateConfigMapAsync(@namespace, "c");
        Assert.Equal("ADDED b", await watch.NextLineAsync());
        Assert.Equal("ADDED c", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_change_that_changes_nothing_makes_no_event()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps";
        using var watch = await WatchStream.OpenAsync(server, $"{path}?watch=1&fieldSelector=metadata.name%3Da&resourceVersion={server.Store.Latest.Revision}");
        await server.SendAsync("PATCH", $"{path}/a", """{"data":{"x":"1"}}""", "application/merge-patch+json");
        await server.SendAsync("PATCH", $"{path}/a", """{"data":{"x":"1"}}""", "application/merge-patch+json");
        await server.CreateConfigMapAsync(@namespace, "other");
        await server.SendAsync("DELETE", $"{path}/a");
        Assert.Equal("MODIFIED a", await watch.NextLineAsync());
        Assert.Equal("DELETED a", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_time_out_ends_the_stream_without_a_word()
    {
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/configmaps?watch=1&timeoutSeconds=1&resourceVersion={server.Store.Latest.Revision}&fieldSelector=metadata.name%3Dnone");
        Assert.Null(await watch.NextAsync());
    }

    [Fact]
    public async Task A_table_names_its_columns_in_the_first_event_only()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps";
        using var watch = await WatchStream.OpenAsync(server, $"{path}?watch=1", "application/json;as=Table;v=v1;g=meta.k8s.io");
        var first = await watch.NextAsync();
        Assert.Equal("Table", first!["object"]!["kind"]!.ToString());
        Assert.Equal(3, first["object"]!["columnDefinitions"]!.AsArray().Count);
        await server.SendAsync("PATCH", $"{path}/a", """{"data":{"x":"1"}}""", "application/merge-patch+json");
        var second = await watch.NextAsync();
        Assert.Null(second!["object"]!["columnDefinitions"]);
        Assert.Equal("a", second["object"]!["rows"]![0]!["object"]!["metadata"]!["name"]!.ToString());
    }

    [Fact]
    public async Task Metadata_alone_can_be_watched()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/namespaces/{@namespace}/configmaps?watch=1", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        var first = await watch.NextAsync();
        Assert.Equal("PartialObjectMetadata", first!["object"]!["kind"]!.ToString());
        Assert.Equal("a", first["object"]!["metadata"]!["name"]!.ToString());
    }

    [Theory]
    [InlineData("sendInitialEvents=true", "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")]
    [InlineData("resourceVersionMatch=NotOlderThan", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
    [InlineData("continue=x", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided")]
    public async Task A_watch_without_meaning_is_refused(string query, string detail)
    {
        var (code, answer) = await server.SendAsync("GET", $"/api/v1/configmaps?watch=1&{query}");
        Assert.Equal(422, code);
        Assert.Equal($"ListOptions.meta.k8s.io \"\" is invalid: {detail}", answer!["message"]!.ToString());
    }

    [Fact]
    public async Task A_thousand_changes_reach_twenty_watchers_in_order_without_gap_or_repeat()
    {
        const int Changes = 1000;
        var @namespace = await server.NewNamespaceAsync();
        var start = server.Store.Latest.Revision;
        var watchers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => WatchStream.OpenAsync(server, $"/api/v1/namespaces/{@namespace}/configmaps?watch=1&resourceVersion={start}")));
        for (var i = 0; i < Changes; i++) await PutRawAsync(@namespace, $"c{i % 10}", i);
        await Task.WhenAll(watchers.Select(async watch =>
        {
            using (watch)
            {
                for (var i = 0; i < Changes; i++)
                {
                    var next = await watch.NextAsync();
                    Assert.Equal(i.ToString(), next!["object"]!["data"]!["i"]!.ToString());
                }
            }
        }));
    }

    // Straight into the store: the test is about watching, not about writing.
    private async Task PutRawAsync(string @namespace, string name, int value)
    {
        var key = ControlPlane.ApiServer.Storage.ObjectKeys.Of(ServerFixture.ConfigMapKey(@namespace, name));
        var json = $"{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"{@namespace}\",\"uid\":\"u\"}},\"data\":{{\"i\":\"{value}\"}}}}";
        await server.Store.ProposeAsync(new Transaction([], [new Operation.Put(key, System.Text.Encoding.UTF8.GetBytes(json), LeaseId.None)], []), CancellationToken.None);
    }

    private static long Revision(JsonObject change) => long.Parse(change["object"]!["metadata"]!["resourceVersion"]!.ToString());
}
