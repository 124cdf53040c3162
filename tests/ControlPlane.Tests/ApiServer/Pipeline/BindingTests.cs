using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.ApiServer.Pipeline;

public sealed class BindingTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_round_of_bindings_binds_what_it_can_and_says_why_not_of_the_rest()
    {
        var @namespace = await server.NewNamespaceAsync();
        var first = await CreatePodAsync(@namespace, "a");
        var second = await CreatePodAsync(@namespace, "b");
        var third = await CreatePodAsync(@namespace, "c");
        await server.Host.Client.BindAsync([new(@namespace, "c", third, "n9")], CancellationToken.None);

        var answers = await server.Host.Client.BindAsync(
            [new(@namespace, "a", first, "n1"), new(@namespace, "gone", "x", "n1"), new(@namespace, "b", "another", "n1"), new(@namespace, "c", third, "n1"), new(@namespace, "b", second, "n2")],
            CancellationToken.None);

        Assert.Null(answers[0]);
        Assert.Equal("NotFound", answers[1]!.Reason);
        Assert.Equal("Conflict", answers[2]!.Reason);
        Assert.Equal($"Operation cannot be fulfilled on pods \"c\": pod c is already assigned to node \"n9\"", answers[3]!.Message);
        Assert.Null(answers[4]);
        var bound = await server.Host.Client.GetAsync(new ResourceKey(Pod.Resource, @namespace, "b"), CancellationToken.None);
        Assert.Equal("n2", bound.As<Pod>().Spec.NodeName);
        Assert.Contains("\"PodScheduled\"", System.Text.Encoding.UTF8.GetString(bound.Json.Span));
    }

    [Fact]
    public async Task A_binding_over_http_binds_once()
    {
        var @namespace = await server.NewNamespaceAsync();
        await CreatePodAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/pods/a/binding";
        const string Body = """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"a"},"target":{"apiVersion":"v1","kind":"Node","name":"n1"}}""";
        var (code, answer) = await server.SendAsync("POST", path, Body);
        Assert.True(code == 201, answer?.ToJsonString());
        Assert.Equal("Success", answer!["status"]!.ToString());
        Assert.Equal(409, (await server.SendAsync("POST", path, Body)).Code);
    }

    private async Task<string> CreatePodAsync(string @namespace, string name)
    {
        var (code, pod) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods", $$$"""{"metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        Assert.True(code == 201, pod?.ToJsonString());
        return pod!["metadata"]!["uid"]!.ToString();
    }
}
