using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;
using static ControlPlane.Tests.Client.Informers.ScriptedClient;

namespace ControlPlane.Tests.Client.Http;

public sealed class HttpResourceClientTests : IDisposable
{
    private readonly FakeServers _servers = new();
    private readonly ApiConnection _connection;
    private readonly HttpResourceClient _client;

    public HttpResourceClientTests()
    {
        _connection = new(ClientConfig.ForToken("https://s", "t"), _servers);
        _client = new(_connection);
    }

    [Fact]
    public async Task A_list_is_fetched_by_pages_and_stands_at_the_revision_of_the_first()
    {
        _servers
            .Answer("s", HttpStatusCode.OK, """{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"c1","remainingItemCount":1},"items":[{"metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"3"}}]}""")
            .Answer("s", HttpStatusCode.OK, """{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"n","resourceVersion":"5"},"spec":{}}]}""");
        var list = await _client.ListAsync(Pods, new("n", "a=b", "status.phase=Running"), CancellationToken.None);

        Assert.Equal(7, list.Revision);
        Assert.Equal([("a", "n", "u", 3), ("b", "n", "", 5)], list.Items.Select(item => (item.Name, item.Namespace!, item.Uid, item.ResourceVersion)));
        Assert.Equal("GET https://s/api/v1/namespaces/n/pods?labelSelector=a%3Db&fieldSelector=status.phase%3DRunning&limit=5000&continue=c1", _servers.Asked[1]);
        // Items of a list may leave out what the list has said; an object by itself may not.
        Assert.Equal("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"3"}}""", Encoding.UTF8.GetString(list.Items[0].Json.Span));
    }

    [Fact]
    public async Task A_list_whose_pages_expired_is_fetched_in_one_piece()
    {
        _servers
            .Answer("s", HttpStatusCode.OK, """{"metadata":{"resourceVersion":"7","continue":"c1"},"items":[{"metadata":{"name":"a"}}]}""")
            .Answer("s", HttpStatusCode.Gone, """{"kind":"Status","message":"too old","reason":"Expired","code":410}""")
            .Answer("s", HttpStatusCode.OK, """{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""");
        var list = await _client.ListAsync(Pods, ListQuery.All, CancellationToken.None);
        Assert.Equal((9, 2), (list.Revision, list.Items.Count));
        Assert.Equal("GET https://s/api/v1/pods", _servers.Asked[2]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100_000)]
    public async Task A_watch_reads_the_same_however_its_bytes_arrive(int pieceSize)
    {
        var big = new string('x', 70_000);
        var stream = "\n" + string.Join('\n',
            """{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"u1","resourceVersion":"11"}}}""",
            """{"object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"12","name":"b","namespace":"n","annotations":{"x":"ü😀"}}},"type":"MODIFIED"}""",
            """{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"20","creationTimestamp":null}}}""",
            $$$"""{"type":"DELETED","object":{"kind":"Pod","apiVersion":"v1","spec":{"x":"{{{big}}}"},"metadata":{"name":"c","namespace":"n","resourceVersion":"21"} } }""") + "\n{\"type\":\"ADD";
        _servers.AnswerStream("s", new PiecewiseStream(Encoding.UTF8.GetBytes(stream), pieceSize));

        var events = new List<WatchEvent>();
        await foreach (var step in _client.WatchAsync(Pods, new("n"), 10, CancellationToken.None)) events.Add(step);

        Assert.Equal("GET https://s/api/v1/namespaces/n/pods?watch=1&allowWatchBookmarks=true&resourceVersion=10", _servers.Asked[0]);
        Assert.Equal(
            [(WatchEventType.Added, "a", 11), (WatchEventType.Modified, "b", 12), (WatchEventType.Bookmark, null, 20), (WatchEventType.Deleted, "c", 21)],
            events.Select(step => (step.Type, step.Object?.Name, step.Revision)));
        Assert.Equal("ü😀", events[1].Object!.ToDocument()["metadata"]!["annotations"]!["x"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_error_event_ends_a_watch_with_its_status()
    {
        _servers.AnswerStream("s", new MemoryStream(Encoding.UTF8.GetBytes("""{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version: 1 (2188)","reason":"Expired","code":410}}""" + "\n")));
        var refusal = await Assert.ThrowsAsync<ApiException>(async () =>
        {
            await foreach (var _ in _client.WatchAsync(Pods, ListQuery.All, 1, CancellationToken.None)) Assert.Fail("no event was expected");
        });
        Assert.Equal(410, refusal.Status.Code);
    }

    [Fact]
    public async Task Writes_say_who_and_what_they_are()
    {
        const string Pod = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n","resourceVersion":"4"}}""";
        _servers.Answer("s", HttpStatusCode.Created, Pod).Answer("s", HttpStatusCode.OK, Pod).Answer("s", HttpStatusCode.OK, Pod);
        var key = new ResourceKey(Pods, "n", "a");
        await _client.CreateAsync(Pods, "n", "{}"u8.ToArray(), new("me", DryRun: true), CancellationToken.None);
        await _client.PatchAsync(key, "status", PatchKind.StrategicMerge, "{}"u8.ToArray(), WriteQuery.Default, CancellationToken.None);
        var deleted = await _client.DeleteAsync(key, new(DeletePropagation.Foreground, 0, "u1", 4), CancellationToken.None);

        Assert.Equal(
            [
                "POST https://s/api/v1/namespaces/n/pods?fieldManager=me&dryRun=All&fieldValidation=Strict",
                "PATCH https://s/api/v1/namespaces/n/pods/a/status?fieldValidation=Strict",
                "DELETE https://s/api/v1/namespaces/n/pods/a",
            ],
            _servers.Asked);
        Assert.Equal("application/strategic-merge-patch+json", _servers.Sent[1].ContentType);
        Assert.Equal(
            """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"uid":"u1","resourceVersion":"4"}}""",
            _servers.Sent[2].Body);
        Assert.Equal(4, deleted.ResourceVersion);
    }

    [Fact]
    public async Task Bindings_answer_one_by_one()
    {
        _servers.Answer("s", HttpStatusCode.Conflict, """{"kind":"Status","message":"pod is bound","reason":"Conflict","code":409}""");
        var outcomes = await _client.BindAsync([new("n", "a", "u", "node-1")], CancellationToken.None);
        Assert.Equal("pod is bound", outcomes[0]!.Message);
        Assert.Equal("node-1", JsonNode.Parse(_servers.Sent[0].Body)!["target"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task Logs_are_asked_for_with_all_that_was_wanted()
    {
        _servers.AnswerStream("s", new MemoryStream("3.14159\n"u8.ToArray()));
        await using var log = await new PodLogs(_connection).OpenAsync("n", "a", new("main", Follow: true, Timestamps: true, TailLines: 5, Since: TimeSpan.FromSeconds(1.5)), CancellationToken.None);
        Assert.Equal("GET https://s/api/v1/namespaces/n/pods/a/log?container=main&follow=true&timestamps=true&tailLines=5&sinceSeconds=2", _servers.Asked[0]);
        Assert.Equal("3.14159", await new StreamReader(log).ReadLineAsync());
    }

    [Fact]
    public async Task A_kind_nobody_built_in_is_found_at_the_server()
    {
        _servers.Answer("s", HttpStatusCode.OK, """{"kind":"APIGroupDiscoveryList","items":[]}""").Answer("s", HttpStatusCode.OK, """
            {"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"example.org"},"versions":[{"version":"v1","resources":[{"resource":"wheels","responseKind":{"group":"example.org","version":"v1","kind":"Wheel"},
            "scope":"Namespaced","singularResource":"wheel","verbs":["get","list"],"shortNames":["wh"],"subresources":[{"subresource":"status","responseKind":{"group":"example.org","version":"v1","kind":"Wheel"},"verbs":["get"]}]}]}]}]}
            """);
        var discovery = new ResourceDiscovery(_connection);
        foreach (var typed in (string[])["wheels", "Wheel", "wh", "wheels.example.org"])
        {
            var found = await discovery.FindByUserInputAsync(typed, CancellationToken.None);
            Assert.Equal("/apis/example.org/v1/namespaces/n/wheels/x/status", found!.Path("n", "x", "status"));
        }

        Assert.Null(await discovery.FindAsync(new("example.org", "v2", "Wheel"), CancellationToken.None));
        Assert.Equal(2, _servers.Asked.Count);
    }

    public void Dispose() => _connection.Dispose();
}
