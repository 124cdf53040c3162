using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Wire;

namespace ControlPlane.Tests.ApiServer.Logs;

/// <summary>Logs over an agent's stream; the agent is played by the test.</summary>
public sealed class LogTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_log_flows_from_the_agent_of_the_pods_node()
    {
        var @namespace = await RunningPodAsync("n1");
        await using var agent = await FakeAgent.ConnectAsync(server, "n1");
        var reading = server.Admin.GetStringAsync($"/api/v1/namespaces/{@namespace}/pods/p/log?tailLines=5&timestamps=true&container=main");
        var asked = await agent.NextRequestAsync();
        Assert.Equal((@namespace, "p", "main", "n1", 5L, true, false), (asked.Namespace, asked.Pod, asked.Container, asked.NodeName, asked.TailLines, asked.Timestamps, asked.Follow));
        await agent.SendAsync(asked.Id, "one\n");
        await agent.SendAsync(asked.Id, "two\n");
        await agent.EndAsync(asked.Id, null);
        Assert.Equal("one\ntwo\n", await reading);
    }

    [Fact]
    public async Task A_followed_log_arrives_as_it_is_written_and_its_agent_is_told_when_the_reader_leaves()
    {
        var @namespace = await RunningPodAsync("n2");
        await using var agent = await FakeAgent.ConnectAsync(server, "n2");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/namespaces/{@namespace}/pods/p/log?follow=true");
        var opening = server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var asked = await agent.NextRequestAsync();
        Assert.True(asked.Follow);
        await agent.SendAsync(asked.Id, "first\n");
        using (var response = await opening)
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
        {
            Assert.Equal("first", await reader.ReadLineAsync());
            await agent.SendAsync(asked.Id, "second\n");
            Assert.Equal("second", await reader.ReadLineAsync());
        }

        var close = await agent.NextAsync();
        Assert.Equal(asked.Id, close.Close!.Id);
    }

    [Fact]
    public async Task The_agents_refusal_is_the_answer()
    {
        var @namespace = await RunningPodAsync("n3");
        await using var agent = await FakeAgent.ConnectAsync(server, "n3");
        var reading = server.SendAsync("GET", $"/api/v1/namespaces/{@namespace}/pods/p/log");
        var asked = await agent.NextRequestAsync();
        await agent.EndAsync(asked.Id, new AgentRefusal(404, "NotFound", "the log was rotated away"));
        var (code, answer) = await reading;
        Assert.Equal(404, code);
        Assert.Equal("the log was rotated away", answer!["message"]!.ToString());
    }

    [Fact]
    public async Task Without_its_agent_a_log_is_refused_after_a_moment()
    {
        var @namespace = await RunningPodAsync("nowhere");
        var (code, answer) = await server.SendAsync("GET", $"/api/v1/namespaces/{@namespace}/pods/p/log");
        Assert.Equal(503, code);
        Assert.Contains("the agent of node \"nowhere\" has no stream to this server", answer!["message"]!.ToString());
    }

    [Fact]
    public async Task What_has_no_log_yet_is_refused_in_kubernetes_words()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}}""");
        await RefusedAsync("", "a container name must be specified for pod p, choose one of: [a b]");
        await RefusedAsync("?container=c", "container c is not valid for pod p");
        await RefusedAsync("?container=a", "pod p does not have a host assigned");
        await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods/p/binding", """{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}}""");
        await RefusedAsync("?container=a", "container \"a\" in pod \"p\" is waiting to start: ContainerCreating");
        await RefusedAsync("?container=a&previous=true", "previous terminated container \"a\" in pod \"p\" not found");

        async Task RefusedAsync(string query, string message)
        {
            var (code, answer) = await server.SendAsync("GET", $"/api/v1/namespaces/{@namespace}/pods/p/log{query}");
            Assert.Equal(400, code);
            Assert.Equal(message, answer!["message"]!.ToString());
        }
    }

    private async Task<string> RunningPodAsync(string node)
    {
        var @namespace = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{@namespace}/pods";
        var (code, answer) = await server.SendAsync("POST", path, $$$"""{"metadata":{"name":"p"},"spec":{"nodeName":"{{{node}}}","containers":[{"name":"main","image":"i"}]}}""");
        Assert.True(code == 201, answer?.ToJsonString());
        var status = new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["containerStatuses"] = new JsonArray(new JsonObject
                {
                    ["name"] = "main",
                    ["image"] = "i",
                    ["imageID"] = "",
                    ["ready"] = true,
                    ["restartCount"] = 0,
                    ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = "2026-01-01T00:00:00Z" } },
                }),
            },
        };
        (code, answer) = await server.SendAsync("PATCH", path + "/p/status", status.ToJsonString(), "application/merge-patch+json");
        Assert.True(code == 200, answer?.ToJsonString());
        return @namespace;
    }

    private sealed class FakeAgent(ClientWebSocket socket) : IAsyncDisposable
    {
        public static async Task<FakeAgent> ConnectAsync(ServerFixture server, string node)
        {
            var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Authorization", "Bearer " + ServerFixture.NodeToken);
            using var deadline = new CancellationTokenSource(ServerFixture.Deadline);
            await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = AgentStream.Path }.Uri, deadline.Token);
            var agent = new FakeAgent(socket);
            await agent.SendAsync(new AgentStreamMessage { Hello = new AgentHello([node]) });
            return agent;
        }

        public async Task<AgentStreamMessage> NextAsync()
        {
            using var deadline = new CancellationTokenSource(ServerFixture.Deadline);
            var buffer = new byte[64 * 1024];
            var read = await socket.ReceiveAsync(buffer.AsMemory(), deadline.Token);
            Assert.Equal(WebSocketMessageType.Text, read.MessageType);
            return JsonSerializer.Deserialize(buffer.AsSpan(0, read.Count), AgentStreamJson.Default.AgentStreamMessage)!;
        }

        public async Task<LogRequest> NextRequestAsync() => (await NextAsync()).OpenLog!;

        public async Task SendAsync(int id, string text)
        {
            var frame = new byte[4 + Encoding.UTF8.GetByteCount(text)];
            BinaryPrimitives.WriteInt32LittleEndian(frame, id);
            Encoding.UTF8.GetBytes(text, frame.AsSpan(4));
            await socket.SendAsync(frame, WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        public Task EndAsync(int id, AgentRefusal? refusal) => SendAsync(new AgentStreamMessage { End = new StreamEnd(id, refusal) });

        public async ValueTask DisposeAsync()
        {
            using var deadline = new CancellationTokenSource(ServerFixture.Deadline);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
            socket.Dispose();
        }

        private Task SendAsync(AgentStreamMessage message) =>
            socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, AgentStreamJson.Default.AgentStreamMessage), WebSocketMessageType.Text, true, CancellationToken.None);
    }
}
