using System.Text.Json.Nodes;
using ControlPlane.Tests.ApiServer.Transcripts;

namespace ControlPlane.Tests.ApiServer.Http;

/// <summary>Lists: pages, selectors, freshness and forms, by what a real server answered over the same objects.</summary>
public sealed class ListTests(ListTests.Filled server) : IClassFixture<ListTests.Filled>
{
    /// <summary>The objects of the recorded conversation: f1, kube-root-ca.crt, l00…l11 with a label n, s1 and s3.</summary>
    public sealed class Filled : IAsyncLifetime
    {
        public ServerFixture Server { get; } = new();

        public async ValueTask InitializeAsync()
        {
            await Server.InitializeAsync();
            await Server.NewNamespaceAsync("obs2");
            await CreateAsync("f1", ",\"data\":{\"b\":\"1\",\"c\":\"1\"}", "");
            await CreateAsync("kube-root-ca.crt", ",\"data\":{\"ca.crt\":\"x\"}", ",\"annotations\":{\"kubernetes.io/description\":\"Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.\"}");
            for (var i = 0; i < 12; i++) await CreateAsync($"l{i:00}", $",\"data\":{{\"i\":\"{i}\"}}", $",\"labels\":{{\"n\":\"{i % 3}\"}}");
            await CreateAsync("s1", "", "");
            await CreateAsync("s3", "", "");
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        private async Task CreateAsync(string name, string data, string metadata)
        {
            var (code, answer) = await Server.SendAsync("POST", "/api/v1/namespaces/obs2/configmaps", $"{{\"metadata\":{{\"name\":\"{name}\"{metadata}}}{data}}}");
            Assert.True(code == 201, answer?.ToJsonString());
        }
    }

    [Fact]
    public async Task Selectors_choose_what_a_real_server_chooses()
    {
        foreach (var step in Transcript.Steps(Transcript.Case("lists", "selectors")))
        {
            var path = step["request"]!["path"]!.ToString();
            // The sentence of this refusal is the parser's own.
            var (code, answer) = await server.Server.SendAsync("GET", path);
            Assert.True(step["status"]!.GetValue<int>() == code, $"{path}: {code} {answer?.ToJsonString()}");
            if (step["answer"] is JsonArray names) Assert.Equal(names.Select(name => name!.ToString()), NamesOf(answer));
            else Transcript.Matches(step["answer"], answer, path);
        }
    }

    [Fact]
    public async Task Resource_versions_are_understood_as_by_a_real_server()
    {
        foreach (var step in Transcript.Steps(Transcript.Case("lists", "resourceVersion and resourceVersionMatch")))
        {
            var path = step["request"]!["path"]!.ToString().Replace("resourceVersion=1&resourceVersionMatch=Exact", $"resourceVersion={server.Server.Store.Latest.Revision}&resourceVersionMatch=Exact");
            var (code, answer) = await server.Server.SendAsync("GET", path);
            Assert.True(step["status"]!.GetValue<int>() == code, $"{path}: {code} {answer?.ToJsonString()}");
            Transcript.Matches(step["answer"], answer, path);
        }
    }

    [Fact]
    public async Task Answers_come_in_the_forms_of_a_real_server()
    {
        foreach (var step in Transcript.Steps(Transcript.Case("lists", "forms of an answer")))
        {
            var request = (JsonObject)step["request"]!;
            // YAML needs the codec that the executable wires in.
            if (request["accept"]?.ToString() == "application/yaml") continue;
            var (code, answer) = await Transcript.AskAsync(server.Server, request);
            Assert.True(step["status"]!.GetValue<int>() == code, $"{request}: {code} {answer?.ToJsonString()}");
            var expected = step["answer"]!.DeepClone();
            if (code == 406)
            {
                Assert.Equal("NotAcceptable", answer!["reason"]!.ToString());
                continue;
            }

            // Two more objects lived there when the pages were recorded.
            if (expected["metadata"] is JsonObject metadata) metadata.Remove("remainingItemCount");
            Transcript.Matches(expected, answer, request.ToJsonString());
        }
    }

    [Fact]
    public async Task Pages_pinned_to_one_revision_neither_overlap_nor_miss_while_others_write()
    {
        var @namespace = await server.Server.NewNamespaceAsync();
        for (var i = 0; i < 7; i++) await server.Server.CreateConfigMapAsync(@namespace, $"m{i}");
        var seen = new List<string>();
        string? revision = null;
        var path = $"/api/v1/namespaces/{@namespace}/configmaps?limit=3";
        for (string? next = ""; next is not null;)
        {
            var (code, page) = await server.Server.SendAsync("GET", next.Length == 0 ? path : $"{path}&continue={next}");
            Assert.True(code == 200, page?.ToJsonString());
            seen.AddRange(NamesOf(page));
            revision ??= page!["metadata"]!["resourceVersion"]!.ToString();
            Assert.Equal(revision, page!["metadata"]!["resourceVersion"]!.ToString());
            if (next.Length == 0) Assert.Equal(4, page["metadata"]!["remainingItemCount"]!.GetValue<int>());
            next = page["metadata"]!["continue"]?.ToString();
            await server.Server.CreateConfigMapAsync(@namespace, $"m{seen.Count}-late");
            await server.Server.SendAsync("DELETE", $"/api/v1/namespaces/{@namespace}/configmaps/m6");
        }

        Assert.Equal(["m0", "m1", "m2", "m3", "m4", "m5", "m6"], seen);
    }

    [Theory]
    [InlineData("zzz")]
    [InlineData("e30")]
    [InlineData("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiL2EifQ")]
    public async Task A_forged_continue_token_is_refused(string token)
    {
        var (code, answer) = await server.Server.SendAsync("GET", $"/api/v1/namespaces/obs2/configmaps?limit=1&continue={token}");
        Assert.Equal(400, code);
        Assert.StartsWith("invalid continue token", answer!["message"]!.ToString());
    }

    [Fact]
    public async Task A_revision_that_does_not_come_ends_in_a_time_out_that_clients_know()
    {
        var (code, answer) = await server.Server.SendAsync("GET", "/api/v1/namespaces/obs2/configmaps?resourceVersion=999999999");
        Assert.Equal(504, code);
        Assert.Equal("ResourceVersionTooLarge", answer!["details"]!["causes"]![0]!["reason"]!.ToString());
    }

    [Fact]
    public async Task A_large_answer_is_compressed_for_who_can_read_it()
    {
        var @namespace = await server.Server.NewNamespaceAsync();
        var (code, _) = await server.Server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/configmaps", $"{{\"metadata\":{{\"name\":\"big\"}},\"data\":{{\"a\":\"{new string('x', 200_000)}\"}}}}");
        Assert.Equal(201, code);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/namespaces/{@namespace}/configmaps");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        using var response = await server.Server.Admin.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.InRange((await response.Content.ReadAsByteArrayAsync()).Length, 1, 20_000);
    }

    [Fact]
    public async Task Head_answers_headers_only()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/api/v1/namespaces/obs2/configmaps/l01");
        using var response = await server.Server.Admin.SendAsync(request);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 100);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    private static IEnumerable<string> NamesOf(JsonNode? list) => ((JsonArray)list!["items"]!).Select(item => item!["metadata"]!["name"]!.ToString());
}
