using System.Net;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.Tests.Client.Http;

public sealed class ApiConnectionTests
{
    private const string NoLeader = """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no leader","reason":"ServiceUnavailable","code":503}""";

    private readonly FakeServers _servers = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _waited = [];

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_left_for_the_next_and_not_asked_again()
    {
        _servers.Refuse("a").Answer("b", HttpStatusCode.OK, "1").Answer("b", HttpStatusCode.OK, "2");
        using var connection = Connect("https://a,https://b,https://c");
        await Post(connection);
        await Post(connection);
        Assert.Equal(["POST https://a/x", "POST https://b/x", "POST https://b/x"], _servers.Asked);
    }

    [Fact]
    public async Task A_server_that_was_learnt_is_the_way_out_when_the_configured_one_dies()
    {
        _servers.Refuse("a").Answer("b", HttpStatusCode.OK, "1");
        using var connection = Connect("https://a");
        connection.LearnServers([new("https://a"), new("https://b")]);
        await Post(connection);
        Assert.Equal(["POST https://a/x", "POST https://b/x"], _servers.Asked);
    }

    [Fact]
    public async Task When_no_server_can_be_reached_the_error_names_them_and_the_kubeconfig()
    {
        _servers.Refuse("a").Refuse("b");
        using var connection = Connect("https://a,https://b");
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => Post(connection));
        Assert.False(error.WasSent);
        Assert.Equal("cannot reach https://a, https://b (from --server): connection refused; is the server running?", error.Message);
    }

    [Fact]
    public async Task A_write_that_was_cut_off_is_not_repeated_and_a_read_is()
    {
        _servers.Cut("a").Answer("b", HttpStatusCode.OK, "1");
        using var connection = Connect("https://a,https://b");
        var error = await Assert.ThrowsAsync<ServerUnreachableException>(() => Post(connection));
        Assert.True(error.WasSent);
        Assert.Contains("whether the change was made is not known", error.Message, StringComparison.Ordinal);

        _servers.Cut("a");
        await connection.FetchAsync(HttpMethod.Get, "/x");
        Assert.Equal("GET https://b/x", _servers.Asked[^1]);
    }

    [Fact]
    public async Task During_a_change_of_leader_all_servers_are_asked_until_one_serves()
    {
        // The old leader is dead, the others have no new one yet, then they do.
        var pause = TimeSpan.FromSeconds(1);
        _servers.Refuse("a").Answer("b", HttpStatusCode.ServiceUnavailable, NoLeader, pause).Answer("c", HttpStatusCode.ServiceUnavailable, NoLeader, pause)
            .Refuse("a").Answer("b", HttpStatusCode.Created, "{}");
        using var connection = Connect("https://a,https://b,https://c");
        var post = Post(connection);
        await AdvanceUntil(post);
        Assert.Equal(["a", "b", "c", "a", "b"], _servers.Asked.Select(asked => asked["POST https://".Length..^"/x".Length]));
        Assert.Contains(_waited, line => line.Contains("no leader; trying again in 1 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_is_not_repeated_when_a_busy_server_does_not_say_when()
    {
        _servers.Answer("a", HttpStatusCode.ServiceUnavailable, NoLeader);
        using var connection = Connect("https://a");
        var refusal = await Assert.ThrowsAsync<ApiException>(() => Post(connection));
        Assert.Equal("no leader", refusal.Message);
    }

    [Fact]
    public async Task A_status_becomes_an_exception_with_its_causes()
    {
        _servers.Answer("a", HttpStatusCode.UnprocessableEntity, """
            {"kind":"Status","status":"Failure","message":"no","reason":"Invalid","details":{"name":"pi","kind":"Job","causes":[{"reason":"FieldValueInvalid","message":"m","field":"spec.x"}]},"code":422}
            """);
        using var connection = Connect("https://a");
        var status = (await Assert.ThrowsAsync<ApiException>(() => Post(connection))).Status;
        Assert.Equal((422, "Invalid", "no", "pi"), (status.Code, status.Reason, status.Message, status.Details!.Name));
        Assert.Equal([new("FieldValueInvalid", "spec.x", "m")], status.Details.Causes);
    }

    [Fact]
    public async Task What_is_not_a_status_is_reported_by_its_code()
    {
        _servers.Answer("a", HttpStatusCode.NotFound, "<html>nothing here</html>");
        using var connection = Connect("https://a");
        var status = (await Assert.ThrowsAsync<ApiException>(() => Post(connection))).Status;
        Assert.Equal((404, "NotFound", "<html>nothing here</html>"), (status.Code, status.Reason, status.Message));
    }

    [Fact]
    public async Task The_token_travels_and_warnings_are_told()
    {
        _servers.Answer("a", HttpStatusCode.OK, "{}", warning: "unknown field \\\"spec.x\\\"");
        var warnings = new List<string>();
        using var connection = new ApiConnection(ClientConfig.ForToken("https://a", "t0k"), _servers) { OnWarning = warnings.Add };
        await Post(connection);
        Assert.Equal("Bearer t0k", _servers.Sent[0].Authorization);
        Assert.Equal(["unknown field \"spec.x\""], warnings);
    }

    private ApiConnection Connect(string servers) => new(ClientConfig.ForToken(servers, ""), _servers, _time) { OnWaiting = _waited.Add };

    private static Task<byte[]> Post(ApiConnection connection) => connection.FetchAsync(HttpMethod.Post, "/x", "{}"u8.ToArray());

    private async Task AdvanceUntil(Task task)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (!task.IsCompleted)
        {
            Assert.True(Environment.TickCount64 < deadline, $"asked so far: {string.Join(", ", _servers.Asked)}");
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await task;
    }
}
