namespace ControlPlane.Conformance;

/// <summary>The official JavaScript SignalR client, under node, follows the live hub.</summary>
public sealed class LiveHubTests(DevServer server) : IClassFixture<DevServer>
{
    [Theory]
    [InlineData("json")]
    [InlineData("messagepack")]
    public async Task A_watch_shows_a_snapshot_then_changes_and_resumes_without_gap_or_repeat(string protocol)
    {
        var node = NodeClient.Find();
        var kubectl = await Kubectl.FindAsync("1.32", server.KubeConfig, server.Scratch);
        var space = "hub-" + protocol;
        await kubectl.OkAsync("create", "namespace", space);
        await kubectl.OkAsync("-n", space, "create", "configmap", "before");

        var pki = server.Scratch["data/pki"];
        await using var client = node.Start(server.Scratch.Folder, "watch-hub.mjs",
            server.Url, $"{pki}/ca.crt", $"{pki}/admin.crt", $"{pki}/admin.key", space, protocol);
        await client.WaitForLineAsync("ADDED before ", TimeSpan.FromSeconds(30));
        await client.WaitForLineAsync("BOOKMARK - ", TimeSpan.FromSeconds(30));

        await kubectl.OkAsync("-n", space, "create", "configmap", "during");
        await client.WaitForLineAsync("ADDED during ", TimeSpan.FromSeconds(30));
        await kubectl.OkAsync("-n", space, "label", "configmap", "during", "a=b");
        await client.WaitForLineAsync("MODIFIED during ", TimeSpan.FromSeconds(30));

        client.WriteLine("disconnect");
        await client.WaitForLineAsync("disconnected", TimeSpan.FromSeconds(30));
        await kubectl.OkAsync("-n", space, "create", "configmap", "away");
        await kubectl.OkAsync("-n", space, "delete", "configmap", "during");
        client.WriteLine("connect");
        await client.WaitForLineAsync("ADDED away ", TimeSpan.FromSeconds(30));
        await client.WaitForLineAsync("DELETED during ", TimeSpan.FromSeconds(30));
        client.WriteLine("end");
        await client.WaitForExitAsync(TimeSpan.FromSeconds(30));

        Assert.Single(client.Output.Split('\n'), line => line.StartsWith("ADDED before "));
        Assert.Single(client.Output.Split('\n'), line => line.StartsWith("ADDED away "));
        Assert.DoesNotContain("ERROR", client.Output);
    }
}
