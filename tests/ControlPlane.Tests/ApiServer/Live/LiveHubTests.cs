using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.ApiServer.Live;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Tests.ApiServer.Live;

/// <summary>The live hub with the official .NET client; the JavaScript client is a conformance test.</summary>
public sealed class LiveHubTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_watch_shows_a_snapshot_then_changes_and_resumes_without_gap_or_repeat(bool isMessagePack)
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "b");
        await server.CreateConfigMapAsync(@namespace, "a");
        var request = new LiveRequest { ApiVersion = "v1", Kind = "ConfigMap", Namespace = @namespace };
        string? resume;
        await using (var first = await ConnectAsync(ServerFixture.AdminToken, isMessagePack))
        {
            await using var events = first.StreamAsync<LiveEvent>("Watch", request).GetAsyncEnumerator();
            // In the order of revisions, so that every one is a place to resume from.
            Assert.Equal("ADDED b", await NextAsync(events));
            Assert.Equal("ADDED a", await NextAsync(events));
            Assert.Equal("BOOKMARK", (await NextAsync(events)).TrimEnd());
            await server.CreateConfigMapAsync(@namespace, "c");
            Assert.Equal("ADDED c", await NextAsync(events));
            resume = events.Current.ResourceVersion;
        }

        await server.CreateConfigMapAsync(@namespace, "d");
        await server.SendAsync("DELETE", $"/api/v1/namespaces/{@namespace}/configmaps/a");
        await using var second = await ConnectAsync(ServerFixture.AdminToken, isMessagePack);
        await using var more = second.StreamAsync<LiveEvent>("Watch", request with { ResourceVersion = resume }).GetAsyncEnumerator();
        Assert.Equal("ADDED d", await NextAsync(more));
        Assert.Equal("DELETED a", await NextAsync(more));
    }

    [Theory]
    [InlineData("Nonsense", null, null, "the server has no resource \"Nonsense\"")]
    [InlineData(null, null, null, "name what to watch")]
    [InlineData("Pod", "a b", null, "BadRequest: unable to parse requirement")]
    [InlineData("Pod", null, "soon", "resourceVersion \"soon\" is not one this server gave out")]
    public async Task A_wrong_request_is_refused_with_a_clear_text(string? kind, string? labels, string? revision, string message)
    {
        await using var connection = await ConnectAsync(ServerFixture.AdminToken, isMessagePack: false);
        var refusal = await Assert.ThrowsAsync<HubException>(() => FirstAsync(connection, new LiveRequest { Kind = kind, LabelSelector = labels, ResourceVersion = revision }));
        Assert.Contains(message, refusal.Message);
    }

    [Fact]
    public async Task The_hub_knows_the_same_callers_as_rest()
    {
        await using var joe = await ConnectAsync(ServerFixture.NobodyToken, isMessagePack: false);
        var refusal = await Assert.ThrowsAsync<HubException>(() => FirstAsync(joe, new LiveRequest { Kind = "Secret" }));
        Assert.Contains("User \"joe\" cannot list resource \"secrets\"", refusal.Message);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(null, isMessagePack: false));
    }

    private static async Task FirstAsync(HubConnection connection, LiveRequest request)
    {
        await foreach (var _ in connection.StreamAsync<LiveEvent>("Watch", request)) return;
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<LiveEvent> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(ServerFixture.Deadline));
        var json = events.Current.Object.Json;
        var name = json.IsEmpty ? "" : JsonNode.Parse(Encoding.UTF8.GetString(json.Span))!["metadata"]!["name"]!.ToString();
        return $"{events.Current.Type} {name}";
    }

    private async Task<HubConnection> ConnectAsync(string? token, bool isMessagePack)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(server.Address, LiveHub.Path), options => options.AccessTokenProvider = () => Task.FromResult(token));
        if (isMessagePack) builder.AddMessagePackProtocol();
        var connection = builder.Build();
        await connection.StartAsync().WaitAsync(ServerFixture.Deadline);
        return connection;
    }
}
