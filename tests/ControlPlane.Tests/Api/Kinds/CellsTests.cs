using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Tables;

namespace ControlPlane.Tests.Api.Kinds;

public class CellsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(-5, "<invalid>")]
    [InlineData(0, "0s")]
    [InlineData(5, "5s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(150, "2m30s")]
    [InlineData(600, "10m")]
    [InlineData(10_799, "179m")]
    [InlineData(10_800, "3h")]
    [InlineData(11_100, "3h5m")]
    [InlineData(28_800, "8h")]
    [InlineData(172_799, "47h")]
    [InlineData(187_200, "2d4h")]
    [InlineData(691_200, "8d")]
    [InlineData(63_072_000, "2y")]
    [InlineData(64_000_000, "2y10d")]
    public void Durations_show_what_matters(long seconds, string text) => Assert.Equal(text, HumanDuration.Format(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("""{"phase":"Pending"}""", "0/1|Pending|0")]
    [InlineData("""{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ContainerCreating"}}}]}""", "0/1|ContainerCreating|0")]
    [InlineData("""{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}""", "1/1|Running|0")]
    [InlineData("""{"phase":"Running","containerStatuses":[{"name":"c","restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-02T11:55:00Z"}}}]}""", "0/1|CrashLoopBackOff|1 (5m ago)")]
    [InlineData("""{"phase":"Succeeded","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}""", "0/1|Completed|0")]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":42,"reason":"Error"}}}]}""", "0/1|Error|0")]
    [InlineData("""{"phase":"Failed","containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":137}}}]}""", "0/1|ExitCode:137|0")]
    [InlineData("""{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}""", "0/1|SchedulingGated|0")]
    [InlineData("""{"phase":"Failed","reason":"Evicted"}""", "0/1|Evicted|0")]
    public void A_pod_shows_the_word_that_explains_most(string status, string cells)
    {
        var pod = new JsonObject { ["metadata"] = Metadata("p"), ["spec"] = JsonNode.Parse("""{"containers":[{"name":"c"}]}"""), ["status"] = JsonNode.Parse(status) };
        Assert.Equal($"p|{cells}|2m30s|<none>|<none>|<none>|<none>", Shown("pods", pod));
    }

    [Fact]
    public void A_pod_being_deleted_is_terminating()
    {
        var pod = new JsonObject { ["metadata"] = Metadata("p"), ["spec"] = JsonNode.Parse("""{"containers":[{"name":"c"}],"nodeName":"n1"}"""), ["status"] = JsonNode.Parse("""{"phase":"Running","podIPs":[{"ip":"10.0.0.1"}]}""") };
        pod["metadata"]!["deletionTimestamp"] = "2026-01-02T11:59:00Z";
        Assert.Equal("p|0/1|Terminating|0|2m30s|10.0.0.1|n1|<none>|<none>", Shown("pods", pod));
    }

    [Theory]
    [InlineData("""{"containers":[{"name":"c"}],"initContainers":[{"name":"i"},{"name":"j"}]}""", """{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}]}""", "0/1|Init:1/2|0")]
    [InlineData("""{"containers":[{"name":"c"}],"initContainers":[{"name":"i"}]}""", """{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":3,"reason":"Error"}}}]}""", "0/1|Init:Error|0")]
    [InlineData("""{"containers":[{"name":"c"}],"initContainers":[{"name":"i","restartPolicy":"Always"}]}""", """{"phase":"Running","initContainerStatuses":[{"name":"i","started":true,"ready":true,"restartCount":2,"state":{"running":{}}}],"containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}""", "2/2|Running|2")]
    public void Init_containers_and_sidecars_are_counted_as_kubectl_counts(string spec, string status, string cells)
    {
        var pod = new JsonObject { ["metadata"] = Metadata("p"), ["spec"] = JsonNode.Parse(spec), ["status"] = JsonNode.Parse(status) };
        Assert.Equal($"p|{cells}|2m30s|<none>|<none>|<none>|<none>", Shown("pods", pod));
    }

    [Theory]
    [InlineData("jobs", """{"spec":{"completions":1,"selector":{"matchLabels":{"b":"2","a":"1"}},"template":{"spec":{"containers":[{"name":"pi","image":"perl"}]}}},"status":{"startTime":"2026-01-02T11:59:55Z"}}""", "x|Running|0/1|5s|2m30s|pi|perl|a=1,b=2")]
    [InlineData("jobs", """{"spec":{"completions":1},"status":{"succeeded":1,"startTime":"2026-01-02T11:58:00Z","completionTime":"2026-01-02T11:58:10Z","conditions":[{"type":"Complete","status":"True"}]}}""", "x|Complete|1/1|10s|2m30s|||<none>")]
    [InlineData("jobs", """{"spec":{"parallelism":3},"status":{}}""", "x|Running|0/1 of 3||2m30s|||<none>")]
    [InlineData("cronjobs", """{"spec":{"schedule":"* * * * *","suspend":false,"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"hello","image":"busybox:1.28"}]}}}}},"status":{"active":[{}],"lastScheduleTime":"2026-01-02T11:59:10Z"}}""", "x|* * * * *|<none>|False|1|50s|2m30s|hello|busybox:1.28|<none>")]
    [InlineData("cronjobs", """{"spec":{"schedule":"@daily","timeZone":"Etc/UTC","suspend":true},"status":{}}""", "x|@daily|Etc/UTC|True|0|<none>|2m30s|||<none>")]
    [InlineData("nodes", """{"spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP","address":"10.0.0.7"}],"nodeInfo":{"kubeletVersion":"v1.32.0","osImage":"Debian"}}}""", "x|Ready,SchedulingDisabled|<none>|2m30s|v1.32.0|10.0.0.7|<none>|Debian|<unknown>|<unknown>")]
    [InlineData("nodes", """{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}""", "x|NotReady|<none>|2m30s||<none>|<none>|<unknown>|<unknown>|<unknown>")]
    [InlineData("events", """{"lastTimestamp":"2026-01-02T11:59:00Z","firstTimestamp":"2026-01-02T11:58:00Z","count":3,"type":"Normal","reason":"Started","message":" hi ","involvedObject":{"kind":"Pod","name":"p","fieldPath":"spec.containers{c}"},"source":{"component":"agent","host":"n1"}}""", "60s|Normal|Started|pod/p|spec.containers{c}|agent, n1|hi|2m|3|x")]
    [InlineData("events", """{"eventTime":"2026-01-02T11:59:00.000000Z","type":"Warning","reason":"FailedScheduling","message":"no","involvedObject":{"kind":"Pod","name":"p"},"reportingComponent":"default-scheduler"}""", "60s|Warning|FailedScheduling|pod/p||default-scheduler|no|60s|1|x")]
    [InlineData("leases", """{"spec":{"holderIdentity":"me"}}""", "x|me|2m30s")]
    [InlineData("secrets", """{"type":"Opaque","data":{"a":"","b":""}}""", "x|Opaque|2|2m30s")]
    [InlineData("configmaps", """{"data":{"a":""},"binaryData":{"b":""}}""", "x|2|2m30s")]
    [InlineData("namespaces", """{"status":{"phase":"Active"}}""", "x|Active|2m30s")]
    [InlineData("serviceaccounts", "{}", "x|0|2m30s")]
    [InlineData("priorityclasses", """{"value":1000,"preemptionPolicy":"Never"}""", "x|1000|False|2m30s|Never")]
    [InlineData("services", """{"spec":{"type":"ClusterIP","ports":[{"port":80,"protocol":"TCP"}],"selector":{"a":"b"}}}""", "x|ClusterIP|<none>|<none>|80/TCP|2m30s|a=b")]
    public void Kinds_show_their_columns(string plural, string body, string cells)
    {
        var document = (JsonObject)JsonNode.Parse(body)!;
        document["metadata"] = Metadata("x");
        Assert.Equal(cells, Shown(plural, document));
    }

    [Fact]
    public void Every_served_kind_has_as_many_cells_as_columns()
    {
        foreach (var resource in ResourceRegistry.BuiltIn.All)
        {
            var cells = KindRules.For(resource).Cells(new JsonObject { ["metadata"] = Metadata("x") }, Now);
            if (resource.Verbs.Contains("list")) Assert.True(TableColumns.For(resource).Length == cells.Length, resource.QualifiedName);
        }
    }

    private static JsonObject Metadata(string name) => new() { ["name"] = name, ["creationTimestamp"] = "2026-01-02T11:57:30Z" };

    private static string Shown(string plural, JsonObject document)
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFindByUserInput(plural, out var resource));
        return string.Join('|', KindRules.For(resource).Cells(document, Now).Select(cell => cell.Text ?? cell.Number?.ToString() ?? cell.Flag.ToString()));
    }
}
