using System.Text;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;

namespace ControlPlane.Tests.ApiServer.Clients;

public sealed class InProcessClientTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_watcher_shares_one_object_with_all_others_and_resumes_from_a_list()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        var query = new ListQuery(@namespace);
        var list = await server.Host.Client.ListAsync(ConfigMap.Resource, query, CancellationToken.None);
        Assert.Equal("a", Assert.Single(list.Items).Name);
        using var stop = new CancellationTokenSource(ServerFixture.Deadline);
        await using var first = server.Host.Client.WatchAsync(ConfigMap.Resource, query, list.Revision, stop.Token).GetAsyncEnumerator(stop.Token);
        await using var second = server.Host.Client.WatchAsync(ConfigMap.Resource, query, list.Revision, stop.Token).GetAsyncEnumerator(stop.Token);
        // The first change may come before a watcher has found its place in the shared feed, and is then read from the store's history by itself.
        foreach (var name in (string[])["found", "b"])
        {
            var waiting = (first.MoveNextAsync().AsTask(), second.MoveNextAsync().AsTask());
            await server.CreateConfigMapAsync(@namespace, name);
            Assert.True(await waiting.Item1 && await waiting.Item2);
        }

        Assert.Equal(WatchEventType.Added, first.Current.Type);
        Assert.Equal("b", first.Current.Object!.Name);
        Assert.Same(first.Current.Object, second.Current.Object);
    }

    [Fact]
    public async Task Writes_answer_as_over_http()
    {
        var @namespace = await server.NewNamespaceAsync();
        var client = server.Host.Client;
        var created = await client.CreateAsync(ConfigMap.Resource, @namespace, Utf8("""{"metadata":{"name":"a"},"data":{"x":"1"}}"""), WriteQuery.Default, CancellationToken.None);
        Assert.Equal("a", created.Name);
        Assert.NotEmpty(created.Uid);
        var patched = await client.PatchAsync(created.Key, null, PatchKind.Merge, Utf8("""{"data":{"y":"2"}}"""), WriteQuery.Default, CancellationToken.None);
        Assert.True(patched.ResourceVersion > created.ResourceVersion);
        var stale = await Assert.ThrowsAsync<ApiException>(() => client.UpdateAsync(created.Key, null, created.Json, WriteQuery.Default, CancellationToken.None));
        Assert.True(stale.IsConflict);
        await client.DeleteAsync(created.Key, DeleteQuery.Default, CancellationToken.None);
        var gone = await Assert.ThrowsAsync<ApiException>(() => client.GetAsync(created.Key, CancellationToken.None));
        Assert.True(gone.IsNotFound);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
