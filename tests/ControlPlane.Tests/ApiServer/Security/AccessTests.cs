namespace ControlPlane.Tests.ApiServer.Security;

public sealed class AccessTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData("/healthz")]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    [InlineData("/readyz/ping")]
    [InlineData("/version")]
    [InlineData("/cacerts")]
    public async Task Anybody_may_ask_how_the_server_is(string path)
    {
        using var anybody = server.Client(null);
        Assert.Equal(200, (await ServerFixture.SendAsync(anybody, "GET", path)).Code);
    }

    [Theory]
    [InlineData("GET", "/api/v1/namespaces")]
    [InlineData("GET", "/api")]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/openapi/v3")]
    [InlineData("POST", "/hubs/watch/negotiate?negotiateVersion=1")]
    public async Task Who_shows_no_credentials_is_asked_for_some(string method, string path)
    {
        using var anybody = server.Client(null);
        var (code, answer) = await ServerFixture.SendAsync(anybody, method, path);
        Assert.Equal(401, code);
        Assert.Equal("Unauthorized", answer!["reason"]!.ToString());
    }

    [Fact]
    public async Task A_wrong_token_is_no_token()
    {
        using var wrong = server.Client("guess");
        Assert.Equal(401, (await ServerFixture.SendAsync(wrong, "GET", "/healthz")).Code);
    }

    [Theory]
    [InlineData("/api/v1/namespaces/x/pods", "pods is forbidden: User \"joe\" cannot list resource \"pods\" in API group \"\" in the namespace \"x\"")]
    [InlineData("/apis/batch/v1/jobs", "jobs.batch is forbidden: User \"joe\" cannot list resource \"jobs\" in API group \"batch\" at the cluster scope")]
    [InlineData("/api/v1/namespaces/x/secrets/s", "secrets \"s\" is forbidden: User \"joe\" cannot get resource \"secrets\" in API group \"\" in the namespace \"x\"")]
    public async Task Who_may_not_is_told_what_in_kubernetes_words(string path, string message)
    {
        using var joe = server.Client(ServerFixture.NobodyToken);
        var (code, answer) = await ServerFixture.SendAsync(joe, "GET", path);
        Assert.Equal(403, code);
        Assert.Equal(message, answer!["message"]!.ToString());
    }

    [Theory]
    [InlineData("GET", "/api/v1/pods", 200)]
    [InlineData("GET", "/api/v1/nodes", 200)]
    [InlineData("GET", "/apis/scheduling.k8s.io/v1/priorityclasses", 200)]
    [InlineData("GET", "/apis/batch/v1/jobs", 403)]
    [InlineData("DELETE", "/api/v1/nodes/n1", 403)]
    [InlineData("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", 200)]
    [InlineData("GET", "/apis/coordination.k8s.io/v1/namespaces/default/leases", 403)]
    [InlineData("DELETE", "/api/v1/namespaces/default/pods/none", 404)]
    public async Task An_agent_may_what_an_agent_needs(string method, string path, int code)
    {
        using var agent = server.Client(ServerFixture.NodeToken);
        Assert.Equal(code, (await ServerFixture.SendAsync(agent, method, path)).Code);
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData(null, 200)]
    public async Task A_page_of_another_origin_may_not_use_the_hub(string? origin, int code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hubs/watch/negotiate?negotiateVersion=1");
        request.Headers.TryAddWithoutValidation("Origin", origin ?? server.Address.GetLeftPart(UriPartial.Authority));
        using var response = await server.Admin.SendAsync(request);
        Assert.Equal(code, (int)response.StatusCode);
    }

    [Fact]
    public async Task Callers_can_ask_who_they_are_and_what_they_may()
    {
        using var joe = server.Client(ServerFixture.NobodyToken);
        var (code, me) = await ServerFixture.SendAsync(joe, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}""");
        Assert.Equal(201, code);
        Assert.Equal("joe", me!["status"]!["userInfo"]!["username"]!.ToString());
        const string Question = """{"spec":{"resourceAttributes":{"verb":"delete","resource":"nodes"}}}""";
        var (_, no) = await ServerFixture.SendAsync(joe, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Question);
        Assert.False(no!["status"]!["allowed"]!.GetValue<bool>());
        var (_, yes) = await server.SendAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Question);
        Assert.True(yes!["status"]!["allowed"]!.GetValue<bool>());
        var (_, rules) = await server.SendAsync("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", """{"spec":{"namespace":"default"}}""");
        Assert.Equal("*", rules!["status"]!["resourceRules"]![0]!["verbs"]![0]!.ToString());
    }
}
