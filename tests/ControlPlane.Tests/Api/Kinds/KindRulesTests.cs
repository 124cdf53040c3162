using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Api.Kinds;

/// <summary>Against what a real server stored and refused; the facts beside this file were recorded from one.</summary>
public class KindRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TheoryData<string> Stored => [.. Facts("defaulting").Select(fact => fact["case"]!.ToString())];

    public static TheoryData<string> Refused => [.. Facts("refusals").Select(fact => fact["case"]!.ToString())];

    [Theory]
    [MemberData(nameof(Stored))]
    public void A_created_object_is_stored_as_a_real_server_stores_it(string name)
    {
        var fact = Facts("defaulting").Single(fact => fact["case"]!.ToString() == name);
        var (rules, document) = Created(fact);
        var errors = new FieldErrors();
        rules.Validate(document, errors);
        Assert.Empty(errors.All);
        var expected = (JsonObject)fact["stored"]!.DeepClone();
        LeaveOutAdmission(expected);
        foreach (var field in new[] { "creationTimestamp" }) expected["metadata"]!.AsObject().Remove(field);
        DropNulls(expected);
        DropNulls(document);
        Assert.True(JsonNode.DeepEquals(expected, document), $"expected\n{expected}\nbut stored\n{document}");
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public void Defaulting_twice_is_defaulting_once(string name)
    {
        var fact = Facts("defaulting").Single(fact => fact["case"]!.ToString() == name);
        var (rules, document) = Created(fact);
        var before = document.DeepClone();
        rules.Default(document);
        Assert.True(JsonNode.DeepEquals(before, document), $"{before}\nbecame\n{document}");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_wrong_object_is_refused_with_the_causes_of_a_real_server(string name)
    {
        var fact = Facts("refusals").Single(fact => fact["case"]!.ToString() == name);
        var (rules, document) = Created(fact);
        var errors = new FieldErrors();
        rules.Validate(document, errors);
        Assert.Equal(
            fact["causes"]!.AsArray().Select(cause => $"{cause!["field"]}: {cause["reason"]}: {cause["message"]}"),
            errors.All.Select(error => $"{error.Field}: {error.Reason}: {error.Message}"));
    }

    [Fact]
    public void An_update_keeps_status_and_counts_changes_of_the_spec()
    {
        var job = Example("""{"kind":"Job","metadata":{"name":"j","generation":1},"spec":{"parallelism":1},"status":{"active":1}}""");
        var updated = Example("""{"kind":"Job","metadata":{"name":"j","generation":7},"spec":{"parallelism":2},"status":{"active":9}}""");
        KindRules.For(Job.Resource).PrepareForUpdate(updated, job, null, new WriteContext(Now, "u", "me"));
        Assert.True(JsonNode.DeepEquals(updated, Example("""{"kind":"Job","metadata":{"name":"j","generation":2},"spec":{"parallelism":2},"status":{"active":1}}""")), updated.ToString());
    }

    [Fact]
    public void A_status_update_keeps_the_spec()
    {
        var job = Example("""{"kind":"Job","metadata":{"name":"j","generation":1},"spec":{"parallelism":1},"status":{}}""");
        var updated = Example("""{"kind":"Job","metadata":{"name":"j"},"spec":{"parallelism":2},"status":{"active":9}}""");
        KindRules.For(Job.Resource).PrepareForUpdate(updated, job, "status", new WriteContext(Now, "u", "me"));
        Assert.True(JsonNode.DeepEquals(updated, Example("""{"kind":"Job","metadata":{"name":"j","generation":1},"spec":{"parallelism":1},"status":{"active":9}}""")), updated.ToString());
    }

    [Fact]
    public void A_namespace_keeps_its_finalizer_on_the_main_path_and_loses_it_on_finalize()
    {
        var rules = KindRules.For(Namespace.Resource);
        var stored = Example("""{"metadata":{"name":"n"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Terminating"}}""");
        var emptied = Example("""{"metadata":{"name":"n"},"spec":{"finalizers":[]}}""");
        rules.PrepareForUpdate(emptied, stored, null, new WriteContext(Now, "u", "me"));
        Assert.Equal("kubernetes", emptied["spec"]!["finalizers"]![0]!.ToString());

        var finalized = Example("""{"metadata":{"name":"n"},"spec":{"finalizers":[]}}""");
        rules.PrepareForUpdate(finalized, stored, "finalize", new WriteContext(Now, "u", "me"));
        Assert.Equal("""{"metadata":{"name":"n"},"spec":{},"status":{"phase":"Terminating"}}""", finalized.ToJsonString());
    }

    [Theory]
    [InlineData("""{"template":{"spec":{"x":1}}}""", "spec.template: Invalid value: {…}: field is immutable")]
    [InlineData("""{"completions":3,"template":{"spec":{}}}""", "spec.completions: Invalid value: 3: field is immutable")]
    [InlineData("""{"completionMode":"Indexed","template":{"spec":{}}}""", "spec.completionMode: Invalid value: \"Indexed\": field is immutable")]
    [InlineData("""{"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{}}}""", "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: field is immutable")]
    [InlineData("""{"parallelism":9,"suspend":true,"backoffLimit":2,"activeDeadlineSeconds":5,"template":{"spec":{}}}""", null)]
    public void What_a_job_may_change_while_it_runs(string spec, string? refusal)
    {
        var existing = Example("""{"metadata":{"name":"j"},"spec":{"template":{"spec":{}}},"status":{"startTime":"2026-01-02T03:04:05Z"}}""");
        var updated = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "j" }, ["spec"] = JsonNode.Parse(spec) };
        Assert.Equal(refusal, Refusal(errors => KindRules.For(Job.Resource).ValidateUpdate(updated, existing, null, errors)));
    }

    [Theory]
    [InlineData("""{"containers":[{"name":"c","image":"b"}],"nodeName":"n"}""", null)]
    [InlineData("""{"containers":[{"name":"c","image":"newer"}],"nodeName":"n","tolerations":[{"operator":"Exists"}]}""", null)]
    [InlineData("""{"containers":[{"name":"c","image":"b","command":["x"]}],"nodeName":"n"}""", "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")]
    [InlineData("""{"containers":[{"name":"c","image":"b"}],"nodeName":"other"}""", "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,")]
    public void What_a_pod_may_change(string spec, string? refusal)
    {
        var existing = Example("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"b"}],"nodeName":"n"}}""");
        var updated = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "p" }, ["spec"] = JsonNode.Parse(spec) };
        var seen = Refusal(errors => KindRules.For(Pod.Resource).ValidateUpdate(updated, existing, null, errors));
        if (refusal is null) Assert.Null(seen);
        else Assert.StartsWith(refusal, seen);
    }

    [Theory]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b"},{"name":"c","image":"b"}]}""", "spec.containers[1].name: Duplicate value: \"c\"")]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b","ports":[{"containerPort":70000}]}]}""", "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b","env":[{"name":"a=b"}]}]}""", "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII characters other than '='")]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}""", "spec.containers[0].volumeMounts[0].name: Not found: \"v\"")]
    [InlineData("pods", """{"restartPolicy":"Maybe","containers":[{"name":"c","image":"b"}]}""", "spec.restartPolicy: Unsupported value: \"Maybe\": supported values: \"Always\", \"OnFailure\", \"Never\"")]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b","resources":{"requests":{"ram":"1"}}}]}""", "spec.containers[0].resources.requests[ram]: Invalid value: \"ram\": must be a standard resource type or fully qualified")]
    [InlineData("pods", """{"containers":[{"name":"c","image":"b","env":[{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"metadata.nam"}}}]}]}""", "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.nam\": error converting fieldPath: field label not supported: metadata.nam")]
    [InlineData("pods", """{"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/x"}}],"containers":[{"name":"c","image":"b"}]}""", "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type")]
    [InlineData("jobs", """{"completions":-1,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"b"}]}}}""", "spec.completions: Invalid value: -1: must be greater than or equal to 0")]
    [InlineData("jobs", """{"completionMode":"Indexed","parallelism":1,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"b"}]}}}""", "spec.completions: Required value: when completion mode is Indexed")]
    [InlineData("jobs", """{"backoffLimitPerIndex":1,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"b"}]}}}""", "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode")]
    [InlineData("cronjobs", """{"schedule":"* * * * *","timeZone":"","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"b"}]}}}}}""", "spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string")]
    [InlineData("cronjobs", """{"schedule":"* * * * *","failedJobsHistoryLimit":-2,"jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"b"}]}}}}}""", "spec.failedJobsHistoryLimit: Invalid value: -2: must be greater than or equal to 0")]
    public void A_refusal_names_the_field_and_the_rule(string plural, string spec, string refusal)
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFindByUserInput(plural, out var resource));
        var document = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x", ["uid"] = "u" }, ["spec"] = JsonNode.Parse(spec) };
        var rules = KindRules.For(resource);
        rules.Default(document);
        rules.PrepareForCreate(document, new WriteContext(Now, "u", "me"));
        Assert.Equal(refusal, Refusal(errors => rules.Validate(document, errors)));
    }

    [Fact]
    public void Text_of_a_secret_is_stored_as_data()
    {
        var secret = Example("""{"metadata":{"name":"s"},"data":{"a":"eA=="},"stringData":{"a":"new","b":"ü"}}""");
        KindRules.For(Secret.Resource).Default(secret);
        Assert.Equal("""{"metadata":{"name":"s"},"data":{"a":"bmV3","b":"w7w="},"type":"Opaque"}""", secret.ToJsonString());
    }

    [Fact]
    public void An_immutable_config_map_stays_as_it_is()
    {
        var existing = Example("""{"metadata":{"name":"c"},"immutable":true,"data":{"a":"1"}}""");
        var updated = Example("""{"metadata":{"name":"c"},"immutable":true,"data":{"a":"2"}}""");
        Assert.Equal("data: Forbidden: field is immutable when `immutable` is set", Refusal(errors => KindRules.For(ConfigMap.Resource).ValidateUpdate(updated, existing, null, errors)));
    }

    [Theory]
    [InlineData("cronjobs", """{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"OnFailure","containers":[{"name":"hello","image":"busybox:1.28","imagePullPolicy":"IfNotPresent","command":["/bin/sh"]}]}}}}}""")]
    [InlineData("jobs", """{"backoffLimit":4,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"pi","image":"perl:5.34.0","command":["perl"]}]}}}""")]
    public void A_plain_example_gets_no_warning(string plural, string spec)
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFindByUserInput(plural, out var resource));
        var document = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" }, ["spec"] = JsonNode.Parse(spec) };
        var rules = KindRules.For(resource);
        rules.Default(document);
        var warnings = new List<string>();
        rules.Warn(document, warnings);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("""{"securityContext":{"runAsUser":1},"containers":[{"name":"c","image":"b"}]}""", "spec.securityContext: has no effect here")]
    [InlineData("""{"imagePullSecrets":[{"name":"s"}],"containers":[{"name":"c","image":"b"}]}""", "spec.imagePullSecrets: has no effect here")]
    [InlineData("""{"volumes":[{"name":"v","nfs":{}}],"containers":[{"name":"c","image":"b"}]}""", "spec.volumes[0].nfs: this kind of volume is not supported here")]
    [InlineData("""{"containers":[{"name":"c","image":"b","env":[{"name":"A","value":"1"},{"name":"A","value":"2"}]}]}""", "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply")]
    public void What_is_kept_without_effect_is_said_once(string spec, string warning)
    {
        var warnings = new List<string>();
        KindRules.For(Pod.Resource).Warn(new JsonObject { ["spec"] = JsonNode.Parse(spec) }, warnings);
        Assert.Equal([warning], warnings);
    }

    [Theory]
    [InlineData("""{"conditions":[{"type":"Ready","status":"True"}]}""", false)]
    [InlineData("""{"conditions":[{"type":"Ready","status":"Unknown"}]}""", true)]
    [InlineData("{}", true)]
    public void A_node_that_does_not_say_that_it_is_ready_is_tainted(string status, bool isTainted)
    {
        var node = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "n" }, ["status"] = JsonNode.Parse(status) };
        KindRules.For(Node.Resource).PrepareForCreate(node, new WriteContext(Now, "u", "me"));
        Assert.Equal(isTainted, node["spec"]!["taints"] is JsonArray);
    }

    [Fact]
    public void A_gated_pod_says_that_it_waits_for_its_gates()
    {
        var pod = Example("""{"metadata":{"name":"p"},"spec":{"schedulingGates":[{"name":"x/y"}]}}""");
        KindRules.For(Pod.Resource).PrepareForCreate(pod, new WriteContext(Now, "u", "me"));
        Assert.Equal("SchedulingGated", pod["status"]!["conditions"]![0]!["reason"]!.ToString());
    }

    [Fact]
    public void A_generated_namespace_is_labelled_with_the_name_it_got()
    {
        var rules = KindRules.For(Namespace.Resource);
        var document = Example("""{"metadata":{"generateName":"n-"}}""");
        rules.Default(document);
        document["metadata"]!["name"] = "n-abc";
        rules.PrepareForCreate(document, new WriteContext(Now, "u", "me"));
        Assert.Equal("n-abc", document["metadata"]!["labels"]!["kubernetes.io/metadata.name"]!.ToString());
    }

    private static (KindRules Rules, JsonObject Document) Created(JsonNode fact)
    {
        var document = (JsonObject)fact["sent"]!.DeepClone();
        Assert.True(ResourceRegistry.BuiltIn.TryFind(GroupVersionKind.From(document["apiVersion"]!.ToString(), document["kind"]!.ToString()), out var resource));
        var rules = KindRules.For(resource);
        rules.Default(document);
        var metadata = document["metadata"]!.AsObject();
        metadata["uid"] = "UID";
        if (resource.IsNamespaced) metadata["namespace"] = "obs";
        rules.PrepareForCreate(document, new WriteContext(Now, "UID", "me"));
        return (rules, document);
    }

    // What admission adds: the account and its token, the tolerations of dying nodes, the priority; and the address that an allocator gives a service.
    private static void LeaveOutAdmission(JsonObject stored)
    {
        if (stored["spec"] is not JsonObject spec) return;
        foreach (var field in new[] { "clusterIP", "clusterIPs" }) spec.Remove(field);
        if (stored["kind"]!.ToString() != "Pod") return;
        foreach (var field in new[] { "serviceAccountName", "serviceAccount", "tolerations", "priority", "preemptionPolicy" }) spec.Remove(field);
        spec["volumes"]!.AsArray().RemoveAt(4);
        spec["containers"]![0]!["volumeMounts"]!.AsArray().RemoveAt(1);
    }

    private static void DropNulls(JsonNode? node)
    {
        if (node is JsonObject map)
        {
            foreach (var (name, value) in map.ToList())
            {
                if (value is null) map.Remove(name);
                else DropNulls(value);
                // A template's empty metadata is an artefact of how a real server encodes a zero time.
                if (name == "metadata" && map[name] is JsonObject { Count: 0 }) map.Remove(name);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list) DropNulls(item);
        }
    }

    private static string? Refusal(Action<FieldErrors> check)
    {
        var errors = new FieldErrors();
        check(errors);
        return errors.All.Count == 0 ? null : string.Join("; ", errors.All.Select(error => $"{error.Field}: {error.Message}"));
    }

    private static JsonObject Example(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static JsonArray FactsFile(string name) => (JsonArray)JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Api", "Kinds", $"{name}.json")))!;

    private static IEnumerable<JsonNode> Facts(string name) => FactsFile(name)!;
}
