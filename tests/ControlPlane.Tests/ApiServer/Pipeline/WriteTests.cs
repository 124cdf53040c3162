using System.Text.Json.Nodes;

namespace ControlPlane.Tests.ApiServer.Pipeline;

public sealed class WriteTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_generated_name_is_prefix_and_five_characters()
    {
        var @namespace = await server.NewNamespaceAsync();
        var (code, answer) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/configmaps", """{"metadata":{"generateName":"made-"}}""");
        Assert.Equal(201, code);
        Assert.Matches("^made-[bcdfghjklmnpqrstvwxz2456789]{5}$", answer!["metadata"]!["name"]!.ToString());
    }

    [Fact]
    public async Task What_only_the_server_may_set_is_not_taken_from_a_client()
    {
        var @namespace = await server.NewNamespaceAsync();
        var map = await server.CreateConfigMapAsync(@namespace, "a", ",\"uid\":\"mine\",\"creationTimestamp\":\"2001-01-01T00:00:00Z\",\"deletionTimestamp\":\"2001-01-01T00:00:00Z\",\"generation\":7");
        var metadata = map["metadata"]!;
        Assert.True(Guid.TryParse(metadata["uid"]!.ToString(), out _));
        Assert.NotEqual("2001-01-01T00:00:00Z", metadata["creationTimestamp"]!.ToString());
        Assert.Null(metadata["deletionTimestamp"]);
        Assert.Null(metadata["generation"]);
    }

    [Fact]
    public async Task A_dry_run_answers_and_stores_nothing()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps";
        var revision = server.Store.Latest.Revision;
        Assert.Equal(201, (await server.SendAsync("POST", path + "?dryRun=All", """{"metadata":{"name":"b"}}""")).Code);
        Assert.Equal(409, (await server.SendAsync("POST", path + "?dryRun=All", """{"metadata":{"name":"a"}}""")).Code);
        var (code, patched) = await server.SendAsync("PATCH", path + "/a?dryRun=All", """{"data":{"x":"1"}}""", "application/merge-patch+json");
        Assert.Equal(200, code);
        Assert.Equal("1", patched!["data"]!["x"]!.ToString());
        Assert.Equal(200, (await server.SendAsync("DELETE", path + "/a?dryRun=All")).Code);
        Assert.Equal(revision, server.Store.Latest.Revision);
    }

    [Fact]
    public async Task An_update_with_a_stale_resource_version_is_told_so_and_one_without_wins()
    {
        var @namespace = await server.NewNamespaceAsync();
        var map = await server.CreateConfigMapAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps/a";
        await server.SendAsync("PATCH", path, """{"data":{"x":"1"}}""", "application/merge-patch+json");
        map["data"] = new JsonObject { ["y"] = "2" };
        var (code, answer) = await server.SendAsync("PUT", path, map.ToJsonString());
        Assert.Equal(409, code);
        Assert.Equal("Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again", answer!["message"]!.ToString());
        map["metadata"]!.AsObject().Remove("resourceVersion");
        (code, answer) = await server.SendAsync("PUT", path, map.ToJsonString());
        Assert.Equal(200, code);
        Assert.Equal("""{"y":"2"}""", answer!["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Patches_at_once_are_all_carried_out()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "a");
        var path = $"/api/v1/namespaces/{@namespace}/configmaps/a";
        await Parallel.ForAsync(0, 4, async (i, _) =>
        {
            for (var j = 0; j < 5; j++)
            {
                var (code, answer) = await server.SendAsync("PATCH", path, $"{{\"data\":{{\"k{i}-{j}\":\"v\"}}}}", "application/merge-patch+json");
                Assert.True(code == 200, answer?.ToJsonString());
            }
        });
        var (_, after) = await server.SendAsync("GET", path);
        Assert.Equal(20, after!["data"]!.AsObject().Count);
    }

    [Fact]
    public async Task An_object_created_while_its_namespace_ends_is_refused_and_leaves_nothing()
    {
        var @namespace = await server.NewNamespaceAsync();
        await server.CreateConfigMapAsync(@namespace, "before");
        Assert.Equal(200, (await server.SendAsync("DELETE", $"/api/v1/namespaces/{@namespace}")).Code);
        var (code, answer) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/configmaps", """{"metadata":{"name":"after"}}""");
        Assert.Equal(403, code);
        Assert.Equal("NamespaceTerminating", answer!["details"]!["causes"]![0]!["reason"]!.ToString());
        Assert.Equal(404, (await server.SendAsync("GET", $"/api/v1/namespaces/{@namespace}/configmaps/after")).Code);
    }

    [Fact]
    public async Task A_pod_gets_its_priority_service_account_and_tolerations()
    {
        var @namespace = await server.NewNamespaceAsync();
        var (code, pod) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods",
            """{"metadata":{"name":"p"},"spec":{"priorityClassName":"system-node-critical","containers":[{"name":"c","image":"i"}]}}""");
        Assert.True(code == 201, pod?.ToJsonString());
        Assert.Equal(2_000_001_000, pod!["spec"]!["priority"]!.GetValue<long>());
        Assert.Equal("default", pod["spec"]!["serviceAccountName"]!.ToString());
        Assert.Equal(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"], pod["spec"]!["tolerations"]!.AsArray().Select(toleration => toleration!["key"]!.ToString()));
        (code, pod) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods",
            """{"metadata":{"name":"q"},"spec":{"priorityClassName":"nope","containers":[{"name":"c","image":"i"}]}}""");
        Assert.Equal(403, code);
        Assert.Equal("pods \"q\" is forbidden: no PriorityClass with name nope was found", pod!["message"]!.ToString());
    }

    [Fact]
    public async Task A_job_deleted_without_a_word_about_its_pods_warns()
    {
        var @namespace = await server.NewNamespaceAsync();
        var path = $"/apis/batch/v1/namespaces/{@namespace}/jobs";
        var (code, answer) = await server.SendAsync("POST", path, """{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}""");
        Assert.True(code == 201, answer?.ToJsonString());
        using var response = await server.Admin.DeleteAsync(path + "/j");
        Assert.StartsWith("299 - \"child pods are preserved by default when jobs are deleted", response.Headers.GetValues("Warning").Single());
    }

    [Fact]
    public async Task A_body_over_three_megabytes_and_an_object_over_the_stores_limit_are_refused()
    {
        var @namespace = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{@namespace}/secrets";
        var (code, answer) = await server.SendAsync("POST", path, $"{{\"metadata\":{{\"name\":\"big\"}},\"stringData\":{{\"a\":\"{new string('x', 3_200_000)}\"}}}}");
        Assert.Equal(413, code);
        Assert.Equal("Request entity too large: limit is 3145728", answer!["message"]!.ToString());
        (code, answer) = await server.SendAsync("POST", $"/api/v1/namespaces/{@namespace}/pods",
            $"{{\"metadata\":{{\"name\":\"big\"}},\"spec\":{{\"containers\":[{{\"name\":\"c\",\"image\":\"i\",\"args\":[\"{new string('x', 1_700_000)}\"]}}]}}}}");
        Assert.Equal(413, code);
        Assert.Contains("is too large", answer!["message"]!.ToString());
        Assert.Equal(404, (await server.SendAsync("GET", path + "/big")).Code);
    }

    [Fact]
    public async Task A_put_makes_a_lease_that_is_not_there_but_no_config_map()
    {
        var @namespace = await server.NewNamespaceAsync();
        Assert.Equal(200, (await server.SendAsync("PUT", $"/apis/coordination.k8s.io/v1/namespaces/{@namespace}/leases/l", """{"metadata":{"name":"l"},"spec":{"holderIdentity":"me"}}""")).Code);
        Assert.Equal(404, (await server.SendAsync("PUT", $"/api/v1/namespaces/{@namespace}/configmaps/l", """{"metadata":{"name":"l"}}""")).Code);
    }
}
