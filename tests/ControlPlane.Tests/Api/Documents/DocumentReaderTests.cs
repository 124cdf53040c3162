using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using CsCheck;

namespace ControlPlane.Tests.Api.Documents;

public sealed class DocumentReaderTests
{
    private static readonly ResourceDescriptor Jobs = ResourceRegistry.BuiltIn.Get(new("batch", "v1", "Job"));
    private static readonly ResourceDescriptor Pods = ResourceRegistry.BuiltIn.Get(new("", "v1", "Pod"));
    private static readonly ResourceDescriptor Leases = ResourceRegistry.BuiltIn.Get(new("coordination.k8s.io", "v1", "Lease"));
    private static readonly ResourceDescriptor Secrets = ResourceRegistry.BuiltIn.Get(new("", "v1", "Secret"));

    [Fact]
    public void Unknown_fields_are_refused_when_strict_by_path_and_with_the_nearest_known_name()
    {
        var refusal = Refused("""{"spec":{"parallelsm":3,"template":{"spec":{"containers":[{"name":"c","imagee":"b"}]}}}}""", Jobs);
        Assert.Equal(
            "Job in version \"v1\" cannot be handled as a Job: strict decoding error: unknown field \"spec.parallelsm\" (did you mean \"parallelism\"?), "
            + "unknown field \"spec.template.spec.containers[0].imagee\" (did you mean \"image\"?)",
            refusal.Message);
    }

    [Fact]
    public void Unknown_fields_are_warned_about_in_a_real_servers_words_and_pruned()
    {
        var (document, warnings) = Clean("""{"spec":{"parallelsm":3,"parallelism":2}}""", Jobs, FieldValidation.Warn);
        Assert.Equal(["unknown field \"spec.parallelsm\""], warnings);
        Assert.Equal("""{"parallelism":2}""", document["spec"]!.ToJsonString());
    }

    [Fact]
    public void Unknown_fields_are_pruned_without_a_word_when_asked_to_ignore()
    {
        var (document, warnings) = Clean("""{"spec":{"parallelsm":3},"nonsense":{}}""", Jobs, FieldValidation.Ignore);
        Assert.Empty(warnings);
        Assert.False(document.ContainsKey("nonsense"));
    }

    [Fact]
    public void Duplicate_fields_are_seen_and_the_last_one_wins()
    {
        var (document, warnings) = Clean("""{"spec":{"parallelism":1,"parallelism":2}}""", Jobs, FieldValidation.Warn);
        Assert.Equal(["duplicate field \"spec.parallelism\""], warnings);
        Assert.Equal(2, (int)document["spec"]!["parallelism"]!);
        Assert.Contains("strict decoding error: duplicate field \"spec.parallelism\"", Refused("""{"spec":{"parallelism":1,"parallelism":2}}""", Jobs).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"spec":{"parallelism":"three"}}""", "json: cannot unmarshal string into field spec.parallelism of type int32: \"three\" is not a whole number; write it without quotes")]
    [InlineData("""{"spec":{"parallelism":1.5}}""", "json: cannot unmarshal number 1.5 into field spec.parallelism of type int32")]
    [InlineData("""{"spec":{"parallelism":3000000000}}""", "json: cannot unmarshal number 3000000000 into field spec.parallelism of type int32")]
    [InlineData("""{"spec":{"suspend":"yes"}}""", "json: cannot unmarshal string into field spec.suspend of type bool: \"yes\" is not true or false; write it without quotes")]
    [InlineData("""{"spec":{"template":[]}}""", "json: cannot unmarshal array into field spec.template of type object")]
    [InlineData("""{"spec":{"template":{"spec":{"containers":{}}}}}""", "json: cannot unmarshal object into field spec.template.spec.containers of type array")]
    [InlineData("""{"metadata":{"name":5}}""", "json: cannot unmarshal number 5 into field metadata.name of type string")]
    [InlineData("""{"metadata":{"labels":{"a":true}}}""", "json: cannot unmarshal bool into field metadata.labels[a] of type string")]
    [InlineData("""{"metadata":{"creationTimestamp":"soon"}}""", "parsing time \"soon\" as \"2006-01-02T15:04:05Z\" in field metadata.creationTimestamp: write it in that form (RFC 3339)")]
    public void A_wrong_type_is_refused_with_the_field_and_the_remedy(string text, string problem)
    {
        var refusal = Refused(text, Jobs);
        Assert.Equal((400, "BadRequest"), (refusal.Status.Code, refusal.Status.Reason));
        Assert.Equal($"Job in version \"v1\" cannot be handled as a Job: {problem}", refusal.Message);
    }

    [Fact]
    public void A_wrong_quantity_is_refused_with_the_field()
    {
        var refusal = Refused("""{"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"1x"}}}]}}""", Pods);
        Assert.StartsWith(
            "Pod in version \"v1\" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$': "
            + "spec.containers[0].resources.requests[cpu] is \"1x\"",
            refusal.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Another_kind_than_the_paths_is_refused_with_both_names()
    {
        var refusal = Refused("""{"apiVersion":"v1","kind":"Pod"}""", Jobs);
        Assert.StartsWith("Pod in version \"v1\" cannot be handled as a Job: this path takes apiVersion \"batch/v1\", kind \"Job\"", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_get_their_canonical_spelling_and_nulls_leave()
    {
        var (pod, _) = Clean("""
            {"metadata":{"creationTimestamp":null,"annotations":{"a":null}},"spec":{"nodeName":null,"containers":[{"name":"c","args":["a",null],
            "resources":{"limits":{"cpu":0.5,"memory":"1024Mi"},"requests":{"cpu":2}}}]},"status":{"startTime":"2026-01-02T05:04:05.123+02:00"}}
            """, Pods, FieldValidation.Strict);
        Assert.Equal(
            """{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a":""}},"spec":{"containers":[{"name":"c","args":["a",""],"resources":{"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"2"}}}]},"status":{"startTime":"2026-01-02T03:04:05Z"}}""",
            pod.ToJsonString());
    }

    [Fact]
    public void Micro_times_keep_six_digits()
    {
        var (lease, _) = Clean("""{"spec":{"renewTime":"2026-01-02T03:04:05.123456789Z","acquireTime":"2026-01-02T03:04:05Z"}}""", Leases, FieldValidation.Strict);
        Assert.Equal("""{"renewTime":"2026-01-02T03:04:05.123456Z","acquireTime":"2026-01-02T03:04:05.000000Z"}""", lease["spec"]!.ToJsonString());
    }

    [Fact]
    public void Secret_data_must_be_base64()
    {
        Assert.Contains("illegal base64 data in field data[k]", Refused("""{"data":{"k":"plain text"}}""", Secrets).Message, StringComparison.Ordinal);
        Assert.Equal("""{"k":"YWJj"}""", Clean("""{"data":{"k":"YW\nJj"}}""", Secrets, FieldValidation.Strict).Document["data"]!.ToJsonString());
    }

    [Fact]
    public void Kind_and_version_are_filled_in_and_come_first()
    {
        var (document, _) = Clean("""{"spec":{},"metadata":{"name":"a"}}""", Jobs, FieldValidation.Strict);
        Assert.Equal("""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"a"},"spec":{}}""", document.ToJsonString());
    }

    [Fact]
    public void Options_of_any_group_are_cleaned_too()
    {
        var document = DocumentReader.Parse("""{"propagationPolicy":"Background","gracePeriodSeconds":0,"x":1}"""u8, []);
        List<string> warnings = [];
        DocumentReader.Clean(document, new GroupVersionKind("batch", "v1", "DeleteOptions"), FieldValidation.Warn, [], warnings);
        Assert.Equal(["unknown field \"x\""], warnings);
    }

    [Theory]
    [InlineData("{\"apiVersion\":", "unexpected end of JSON input at line 1, column 15 ({\"apiVersion\":)")]
    [InlineData("{\"a\":1,}", "json parse error")]
    [InlineData("{\n  \"a\": x}", "at line 2, column 8")]
    [InlineData("{} {}", "json parse error")]
    [InlineData("[]", "cannot unmarshal array into an object")]
    [InlineData("null", "cannot unmarshal null into an object")]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("   ", "unexpected end of JSON input")]
    [InlineData("{\"a\":\"\\ud800\"}", "not valid UTF-8 or has half a surrogate pair")]
    public void What_is_not_a_json_object_is_refused_with_the_place(string text, string problem)
    {
        var refusal = Assert.Throws<ApiException>(() => DocumentReader.Parse(Encoding.UTF8.GetBytes(text), [], "Job"));
        Assert.StartsWith("the object provided is unrecognized (must be of type Job): couldn't get version/kind; ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 61)) + "1" + new string('}', 61);
        Assert.Contains("nested more than 60 levels deep", Assert.Throws<ApiException>(() => DocumentReader.Parse(Encoding.UTF8.GetBytes(deep), [])).Message, StringComparison.Ordinal);
        var fine = string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60);
        Assert.NotNull(DocumentReader.Parse(Encoding.UTF8.GetBytes(fine), []));
    }

    [Fact]
    public void Cut_and_flipped_bytes_give_a_document_or_a_refusal_and_cleaning_twice_changes_nothing()
    {
        var bytes = """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"parallelism":3,"template":{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1"}},"ports":[{"containerPort":80}]}]}}}}"""u8.ToArray();
        Gen.Select(Gen.Int[0, bytes.Length], Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((length, at, flip) =>
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= flip;
            try
            {
                var document = DocumentReader.Parse(damaged.AsSpan(0, length), []);
                DocumentReader.Clean(document, Jobs, FieldValidation.Warn, [], []);
                var once = document.ToJsonString();
                DocumentReader.Clean(document, Jobs, FieldValidation.Strict, [], []);
                Assert.Equal(once, document.ToJsonString());
            }
            catch (ApiException refusal)
            {
                Assert.Equal(400, refusal.Status.Code);
            }
        });
    }

    private static (JsonObject Document, List<string> Warnings) Clean(string text, ResourceDescriptor resource, FieldValidation validation)
    {
        List<string> duplicates = [];
        List<string> warnings = [];
        var document = DocumentReader.Parse(Encoding.UTF8.GetBytes(text), duplicates);
        DocumentReader.Clean(document, resource, validation, duplicates, warnings);
        return (document, warnings);
    }

    private static ApiException Refused(string text, ResourceDescriptor resource) => Assert.Throws<ApiException>(() => Clean(text, resource, FieldValidation.Strict));
}
