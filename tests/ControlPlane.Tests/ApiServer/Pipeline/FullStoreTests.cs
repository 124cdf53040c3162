using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.ApiServer.Pipeline;

public sealed class FullStoreTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_write_that_does_not_fit_is_told_why_and_deletes_make_room()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "old");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps";
        await server.Store.ProposeAsync(new SetQuota(server.Store.Latest.LiveBytes + 50), CancellationToken.None);

        var (code, answer) = await server.SendAsync("POST", path, """{"metadata":{"name":"new"}}""");

        Assert.Equal(507, code);
        Assert.Equal("InsufficientStorage", answer!["reason"]!.ToString());
        Assert.Contains("quota", answer["message"]!.ToString());
        Assert.Equal(200, (await server.SendAsync("DELETE", path + "/old")).Code);
        Assert.Equal(201, (await server.SendAsync("POST", path, """{"metadata":{"name":"new"}}""")).Code);
    }
}
