using ControlPlane.ApiServer.Hosting;
using ControlPlane.Replica;
using ControlPlane.Tests.ApiServer.Watches;

namespace ControlPlane.Tests.ApiServer.Hosting;

public sealed class ApiServerHostTests
{
    [Fact]
    public async Task A_fresh_cluster_has_its_namespaces_priorities_and_the_address_of_every_server()
    {
        var store = new LocalStore();
        var options = ServerFixture.Options();
        await using var first = await ApiServerHost.StartAsync(options with { AdvertisedAddress = "10.0.0.1:6443" }, store, CancellationToken.None);
        await using var second = await ApiServerHost.StartAsync(options with { AdvertisedAddress = "10.0.0.2:6443" }, store, CancellationToken.None);
        await Task.WhenAll(first.Ready, second.Ready).WaitAsync(ServerFixture.Deadline);
        using var client = new HttpClient { BaseAddress = second.Addresses[0], Timeout = ServerFixture.Deadline };
        client.DefaultRequestHeaders.Authorization = new("Bearer", ServerFixture.AdminToken);
        Assert.Equal(["default", "kube-node-lease", "kube-public", "kube-system"], await NamesAsync(client, "/api/v1/namespaces"));
        Assert.Equal(["system-cluster-critical", "system-node-critical"], await NamesAsync(client, "/apis/scheduling.k8s.io/v1/priorityclasses"));
        var (_, endpoints) = await ServerFixture.SendAsync(client, "GET", "/api/v1/namespaces/default/endpoints/kubernetes");
        var addresses = endpoints!["subsets"]!.AsArray().Select(subset => subset!["addresses"]![0]!["ip"]!.ToString());
        Assert.Equal(["10.0.0.1", "10.0.0.2"], addresses.Order());
    }

    [Fact]
    public async Task A_taken_port_is_an_error_and_leaves_nothing_running()
    {
        var store = new LocalStore();
        await using var first = await ApiServerHost.StartAsync(ServerFixture.Options(), store, CancellationToken.None);
        var taken = ServerFixture.Options() with { Listen = [new(System.Net.IPAddress.Loopback, first.Addresses[0].Port)] };
        await Assert.ThrowsAsync<IOException>(() => ApiServerHost.StartAsync(taken, store, CancellationToken.None));
    }

    [Fact]
    public async Task Stopping_ends_watches_cleanly()
    {
        var server = new ServerFixture();
        await server.InitializeAsync();
        using var watch = await WatchStream.OpenAsync(server, $"/api/v1/configmaps?watch=1&resourceVersion={server.Store.Latest.Revision}");
        await server.Host.StopAsync(CancellationToken.None).WaitAsync(ServerFixture.Deadline);
        Assert.Null(await watch.NextAsync());
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_tell_requests_revision_and_who_leads()
    {
        var server = new ServerFixture();
        await server.InitializeAsync();
        await server.SendAsync("GET", "/api/v1/namespaces");
        var text = await server.Admin.GetStringAsync("/metrics");
        Assert.Contains("controlplane_requests_total{verb=\"list\",code=\"200\"} 1\n", text);
        Assert.Contains($"controlplane_store_revision {server.Store.Latest.Revision}\n", text);
        Assert.Contains("controlplane_raft_is_leader 1\n", text);
        await server.DisposeAsync();
    }

    private static async Task<IEnumerable<string>> NamesAsync(HttpClient client, string path)
    {
        var (_, list) = await ServerFixture.SendAsync(client, "GET", path);
        return list!["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.ToString());
    }
}
