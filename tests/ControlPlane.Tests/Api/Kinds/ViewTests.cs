using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Tests.Api.Kinds;

public class ViewTests
{
    [Fact]
    public void A_job_template_carries_fields_no_view_names_into_the_pod()
    {
        var job = Read<Job>("""
            {"metadata":{"name":"j","uid":"u1"},"spec":{"template":{"metadata":{"creationTimestamp":null,"labels":{"a":"b"},"finalizers":["f/x"]},
            "spec":{"containers":[{"name":"c","image":"i","resizePolicy":[{"resourceName":"cpu"}]}],"hostAliases":[{"ip":"1.2.3.4"}]}}}}
            """);
        Assert.Equal("c", job.Spec.Template.Spec.Containers[0].Name);
        var pod = job.Spec.Template.ToPodDocument("ns", "j-abc", new OwnerReference { ApiVersion = "batch/v1", Kind = "Job", Name = "j", Uid = "u1", Controller = true });
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"j-abc","namespace":"ns","labels":{"a":"b"},"finalizers":["f/x"],"ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"j","uid":"u1","controller":true}]},"spec":{"containers":[{"name":"c","image":"i","resizePolicy":[{"resourceName":"cpu"}]}],"hostAliases":[{"ip":"1.2.3.4"}]}}""",
            pod.ToJsonString());
    }

    [Fact]
    public void A_cron_job_template_becomes_a_job_with_its_own_labels_and_annotations()
    {
        var cronJob = Read<CronJob>("""{"metadata":{"name":"c"},"spec":{"schedule":"* * * * *","jobTemplate":{"metadata":{"labels":{"x":"y"},"annotations":{"n":"o"}},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}},"managedBy":"later"}}}}""");
        var job = cronJob.Spec.JobTemplate.ToJobDocument("ns", "c-1", null);
        Assert.Equal("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"c-1","namespace":"ns","labels":{"x":"y"},"annotations":{"n":"o"}},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}},"managedBy":"later"}}""", job.ToJsonString());
    }

    [Fact]
    public void Times_have_whole_seconds_and_lease_times_have_micros()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(1));
        var lease = new Lease { Metadata = new ObjectMeta { Name = "l", CreationTimestamp = time }, Spec = new LeaseSpec { RenewTime = time } };
        Assert.Equal(
            """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l","creationTimestamp":"2026-01-02T02:04:05Z"},"spec":{"renewTime":"2026-01-02T02:04:05.678000Z"}}""",
            KindJson.ToDocument(lease).ToJsonString());
    }

    [Fact]
    public void Nothing_empty_is_written()
    {
        var document = KindJson.ToDocument(new Pod { Metadata = new ObjectMeta { Name = "p" } });
        Assert.Equal("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{},"status":{}}""", document.ToJsonString());
    }

    [Fact]
    public void What_a_document_leaves_out_reads_as_empty_and_never_as_null()
    {
        var pod = Read<Pod>("""{"metadata":{}}""");
        Assert.Equal(("", "", false), (pod.Metadata.Name, pod.Metadata.Uid, pod.IsFinished));
        Assert.Empty(pod.Spec.Containers);
        Assert.Empty(pod.Status.Conditions);
        Assert.Empty(Read<Job>("{}").Spec.Template.Spec.Volumes);
        Assert.Equal("", Read<CronJob>("{}").Spec.JobTemplate.Spec.Template.Metadata.Name);
        Assert.Empty(Read<Node>("{}").Spec.Taints);
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        const string Json = """
            {"metadata":{"name":"p","uid":"u"},"spec":{"volumes":[{"name":"v","configMap":{"name":"cm","items":[{"key":"k","path":"p","mode":420}]}}],
            "containers":[{"name":"c","image":"i","command":["x"],"ports":[{"containerPort":80,"protocol":"TCP"}],"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k","optional":true}}}],
            "resources":{"requests":{"cpu":"500m"}},"livenessProbe":{"httpGet":{"path":"/","port":"http"},"periodSeconds":10}}],"nodeSelector":{"a":"b"},
            "tolerations":[{"key":"k","operator":"Exists"}]},"status":{"phase":"Running","containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-01-02T03:04:05Z"}},"lastState":{},"ready":true,"restartCount":0,"image":"i","imageID":""}]}}
            """;
        var written = JsonSerializer.SerializeToNode(Read<Pod>(Json), Pod.TypeInfo);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Json), written), written!.ToString());
    }

    [Fact]
    public void Numbers_where_quantities_are_meant_are_read_as_written() => Assert.Equal("2", Read<Node>("""{"status":{"capacity":{"cpu":2}}}""").Status.Capacity!["cpu"]);

    [Theory]
    [InlineData("k", "Equal", "v", null, "k", "v", "NoSchedule", true)]
    [InlineData("k", null, "v", "NoSchedule", "k", "v", "NoSchedule", true)]
    [InlineData("k", "Equal", "w", null, "k", "v", "NoSchedule", false)]
    [InlineData("k", "Exists", null, null, "k", "v", "NoSchedule", true)]
    [InlineData(null, "Exists", null, null, "k", "v", "NoExecute", true)]
    [InlineData(null, "Exists", null, "NoSchedule", "k", "v", "NoExecute", false)]
    [InlineData("other", "Exists", null, null, "k", "v", "NoSchedule", false)]
    public void Tolerations_match_taints_as_kubernetes_matches_them(string? key, string? op, string? value, string? effect, string taintKey, string taintValue, string taintEffect, bool isTolerated) =>
        Assert.Equal(isTolerated, new Toleration { Key = key, Operator = op, Value = value, Effect = effect }.Tolerates(new Taint(taintKey, taintValue, taintEffect)));

    private static T Read<T>(string json) where T : class, IResource<T> => JsonSerializer.Deserialize(Encoding.UTF8.GetBytes(json), T.TypeInfo)!;
}
