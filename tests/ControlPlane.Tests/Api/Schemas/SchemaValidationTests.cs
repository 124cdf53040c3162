using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;

namespace ControlPlane.Tests.Api.Schemas;

public sealed class SchemaValidationTests
{
    private const string Subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private static readonly ResourceDescriptor Pods = ResourceRegistry.BuiltIn.Get(new("", "v1", "Pod"));

    [Theory]
    [InlineData("Pod", """{"namespace":"a","name":"Bad_Name"}""", "metadata.name: Invalid value: \"Bad_Name\": " + Subdomain)]
    [InlineData("Pod", """{"namespace":"a"}""", "metadata.name: Required value: name or generateName is required")]
    [InlineData("Pod", """{"name":"a"}""", "metadata.namespace: Required value")]
    [InlineData("Pod", """{"namespace":"a","name":"a","generateName":"a-"}""", "")]
    [InlineData("Pod", """{"namespace":"a","name":"a","generateName":"A-"}""", "metadata.generateName: Invalid value: \"A-\": " + Subdomain)]
    [InlineData("Pod", """{"namespace":"a","name":"a.b"}""", "")]
    [InlineData("Node", """{"namespace":"a","name":"a"}""", "metadata.namespace: Forbidden: not allowed on this type")]
    [InlineData("Namespace", """{"name":"a.b"}""", "metadata.name: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of")]
    [InlineData("Service", """{"namespace":"a","name":"1a"}""", "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of")]
    [InlineData("Pod", """{"namespace":"a","name":"a","labels":{"a b":"c"}}""", "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters")]
    [InlineData("Pod", """{"namespace":"a","name":"a","labels":{"a":"c d"}}""", "metadata.labels: Invalid value: \"c d\": a valid label must be an empty string or consist of")]
    [InlineData("Pod", """{"namespace":"a","name":"a","annotations":{"UPPER.example/A":"c d"}}""", "")]
    [InlineData("Pod", """{"namespace":"a","name":"a","annotations":{"/A":"c d"}}""", "metadata.annotations: Invalid value: \"/A\": prefix part must be non-empty")]
    [InlineData("Pod", """{"namespace":"a","name":"a","finalizers":["x"]}""", "metadata.finalizers: Invalid value: \"x\": name is neither a standard finalizer name nor is it fully qualified")]
    [InlineData("Pod", """{"namespace":"a","name":"a","finalizers":["foregroundDeletion","example.com/x"]}""", "")]
    [InlineData("Pod", """{"namespace":"a","name":"a","ownerReferences":[{"kind":"Job","name":"j","uid":"1","apiVersion":""}]}""", "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty")]
    public void Metadata_is_checked_in_a_real_servers_words(string kind, string metadata, string expected)
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFind(new GroupVersionKind("", "v1", kind), out var resource));
        var errors = new FieldErrors();
        SchemaValidation.Validate(new() { ["metadata"] = JsonNode.Parse(metadata) }, resource, errors);
        if (expected.Length == 0) Assert.Empty(errors.All);
        else Assert.StartsWith(expected, $"{Assert.Single(errors.All).Field}: {errors.All[0].Message}", StringComparison.Ordinal);
    }

    [Fact]
    public void Two_controllers_are_one_too_many()
    {
        var errors = Validate("""
            {"metadata":{"namespace":"a","name":"a","ownerReferences":[
              {"apiVersion":"batch/v1","kind":"Job","name":"j","uid":"1","controller":true},{"apiVersion":"batch/v1","kind":"Job","name":"k","uid":"2","controller":true}]}}
            """);
        Assert.Contains("Only one reference can have Controller set to true", Assert.Single(errors.All).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Annotations_may_hold_256_KiB_together()
    {
        var metadata = new JsonObject { ["namespace"] = "a", ["name"] = "a", ["annotations"] = new JsonObject { ["k"] = new string('x', (256 * 1024) - 1) } };
        var errors = new FieldErrors();
        var pod = new JsonObject { ["metadata"] = metadata, ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c" }) } };
        SchemaValidation.Validate(pod, Pods, errors);
        Assert.Empty(errors.All);
        metadata["annotations"]!["k"] = new string('x', 256 * 1024);
        SchemaValidation.Validate(pod, Pods, errors);
        Assert.Equal(("FieldValueTooLong", "metadata.annotations", "Too long: may not be more than 262144 bytes"), (errors.All[0].Reason, errors.All[0].Field, errors.All[0].Message));
    }

    [Fact]
    public void Required_texts_and_lists_are_asked_for_by_path_but_not_in_status()
    {
        var errors = Validate("""
            {"metadata":{"namespace":"a","name":"a"},"spec":{"containers":[{"image":"b","env":[{"value":"1"}],"volumeMounts":[{"name":"v","mountPath":""}]}],"volumes":[{"name":"v","hostPath":{}}]},
             "status":{"conditions":[{}]}}
            """);
        Assert.Equal(
            ["spec.containers[0].env[0].name", "spec.containers[0].name", "spec.containers[0].volumeMounts[0].mountPath", "spec.volumes[0].hostPath.path"],
            errors.All.Select(error => error.Field).Order(StringComparer.Ordinal));
        Assert.All(errors.All, error => Assert.Equal("Required value", error.Message));
        Assert.Equal("spec.containers", Assert.Single(Validate("""{"metadata":{"namespace":"a","name":"a"},"spec":{"containers":[]}}""").All).Field);
    }

    [Fact]
    public void Labels_of_a_pod_template_are_checked_too()
    {
        var errors = new FieldErrors();
        var job = (JsonObject)JsonNode.Parse("""{"metadata":{"namespace":"a","name":"a"},"spec":{"template":{"metadata":{"labels":{"a":"b c"}},"spec":{"containers":[{"name":"c"}]}}}}""")!;
        SchemaValidation.Validate(job, ResourceRegistry.BuiltIn.Get(new("batch", "v1", "Job")), errors);
        Assert.Equal(("spec.template.labels", "FieldValueInvalid"), (Assert.Single(errors.All).Field, errors.All[0].Reason));
    }

    [Fact]
    public void A_field_missed_twice_is_reported_once_in_the_words_that_say_more()
    {
        var errors = new FieldErrors();
        errors.Required("spec.x");
        errors.Required("spec.x", "valid values: \"a\"");
        errors.Required("spec.x");
        Assert.Equal("Required value: valid values: \"a\"", Assert.Single(errors.All).Message);
    }

    [Fact]
    public void Identity_cannot_be_changed_and_no_finalizer_added_to_what_is_being_deleted()
    {
        var existing = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"a","namespace":"n","uid":"1","deletionTimestamp":"2026-01-02T03:04:05Z","finalizers":["example.com/a"]}}""")!;
        var updated = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"b","uid":"2","finalizers":["example.com/a","example.com/b"]}}""")!;
        var errors = new FieldErrors();
        SchemaValidation.ValidateUpdate(updated, existing, Pods, errors);
        Assert.Equal(
            [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers [\"example.com/b\"]",
                "metadata.name: Invalid value: \"b\": field is immutable",
                "metadata.uid: Invalid value: \"2\": field is immutable",
            ],
            errors.All.Select(error => $"{error.Field}: {error.Message}"));
    }

    [Fact]
    public void What_an_update_leaves_out_stays_and_the_deletion_mark_cannot_be_taken_back_or_made()
    {
        var existing = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"a","uid":"1","generation":3,"deletionTimestamp":"2026-01-02T03:04:05Z","deletionGracePeriodSeconds":5}}""")!;
        JsonObject updated = [];
        MetadataValidation.CarryOver(updated, existing);
        Assert.True(JsonNode.DeepEquals(existing, updated), updated.ToJsonString());
        var alive = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"a"}}""")!;
        MetadataValidation.CarryOver(updated, alive);
        Assert.Null(updated["metadata"]!["deletionTimestamp"]);
    }

    private static FieldErrors Validate(string text)
    {
        var errors = new FieldErrors();
        SchemaValidation.Validate((JsonObject)JsonNode.Parse(text)!, Pods, errors);
        return errors;
    }
}
