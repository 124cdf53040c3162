using System.Net;
using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Client.Configuration;
using ControlPlane.Client.Http;
using ControlPlane.Client.Yaml;
using ControlPlane.Commands;
using ControlPlane.Tests.Client.Http;

namespace ControlPlane.Tests.Commands;

public sealed class ApplierTests : IDisposable
{
    private const string Yaml = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: pi\nspec:\n  parallelism: 2\n";
    private const string NotFound = """{"kind":"Status","message":"jobs.batch \"pi\" not found","reason":"NotFound","code":404}""";
    private const string Conflict = """{"kind":"Status","message":"modified","reason":"Conflict","code":409}""";

    private readonly FakeServers _servers = new();
    private readonly ApiConnection _connection;

    public ApplierTests() => _connection = new(ClientConfig.ForToken("https://s", "t"), _servers);

    [Fact]
    public async Task What_is_missing_is_created_with_the_memory_of_the_file()
    {
        _servers.Answer("s", HttpStatusCode.NotFound, NotFound).Answer("s", HttpStatusCode.Created, Stored(2, 7));
        Assert.Equal("job.batch/pi created", (await ApplyAsync(Yaml)).ToString());
        Assert.Equal("POST https://s/apis/batch/v1/namespaces/demo/jobs?fieldManager=kubectl-client-side-apply&fieldValidation=Strict", _servers.Asked[1]);
        Assert.Equal(LastApplied.Annotate(Sent(2)).ToJsonString(), _servers.Sent[1].Body);
    }

    [Fact]
    public async Task What_is_there_already_is_not_written()
    {
        _servers.Answer("s", HttpStatusCode.OK, Stored(2, 7));
        Assert.Equal("job.batch/pi unchanged", (await ApplyAsync(Yaml)).ToString());
        Assert.Single(_servers.Asked);
    }

    [Fact]
    public async Task A_change_is_sent_for_the_state_it_was_made_from_and_made_again_after_a_conflict()
    {
        _servers.Answer("s", HttpStatusCode.OK, Stored(1, 7)).Answer("s", HttpStatusCode.Conflict, Conflict).Answer("s", HttpStatusCode.OK, Stored(1, 8)).Answer("s", HttpStatusCode.OK, Stored(2, 9));
        Assert.Equal("job.batch/pi configured", (await ApplyAsync(Yaml)).ToString());
        Assert.Equal(["GET", "PATCH", "GET", "PATCH"], _servers.Asked.Select(asked => asked.Split(' ')[0]));
        var patch = JsonNode.Parse(_servers.Sent[3].Body)!;
        Assert.Equal("""{"parallelism":2}""", patch["spec"]!.ToJsonString());
        Assert.Equal("8", patch["metadata"]!["resourceVersion"]!.GetValue<string>());
        Assert.Equal("application/merge-patch+json", _servers.Sent[3].ContentType);
    }

    [Theory]
    [InlineData("""{"kind":"Status","message":"Job.batch \"pi\" is invalid","reason":"Invalid","code":422,"details":{"causes":[{"field":"spec.parallelism","message":"m","reason":"r"}]}}""")]
    [InlineData("""{"kind":"Status","message":"strict decoding error: unknown field \"spec.parallelism\"","reason":"BadRequest","code":400}""")]
    [InlineData("""{"kind":"Status","message":"json: cannot unmarshal string into field spec.parallelism of type int32","reason":"BadRequest","code":400}""")]
    public async Task A_refused_field_is_found_in_the_file(string status)
    {
        _servers.Answer("s", HttpStatusCode.NotFound, NotFound).Answer("s", HttpStatusCode.BadRequest, status);
        var refusal = await Assert.ThrowsAsync<ApiException>(() => ApplyAsync(Yaml));
        Assert.StartsWith("x.yaml:6: ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: x-\n", "x.yaml:3: metadata.name is missing; apply needs a fixed name: replace generateName by name")]
    [InlineData("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: x\n  namespace: other\n", "x.yaml:5: the file says namespace \"other\", the command line \"demo\"")]
    public async Task What_cannot_be_applied_is_refused_before_anything_is_sent(string yaml, string expected)
    {
        var refusal = await Assert.ThrowsAsync<ManifestException>(() => ApplyAsync(yaml));
        Assert.StartsWith(expected, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(_servers.Asked);
    }

    public void Dispose() => _connection.Dispose();

    private Task<Applied> ApplyAsync(string yaml)
    {
        var document = YamlDocuments.Read(yaml, "x.yaml")[0];
        var applier = new Applier(new HttpResourceClient(_connection), new ResourceDiscovery(_connection), "demo") { IsNamespaceFixed = true };
        return applier.ApplyAsync(new((JsonObject)document.Root, document), CancellationToken.None);
    }

    private static JsonObject Sent(int parallelism) =>
        (JsonObject)JsonNode.Parse($$$"""{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi","namespace":"demo"},"spec":{"parallelism":{{{parallelism}}} } }""")!;

    // As the server keeps it: the user's file with the annotation, and what the server filled in.
    private static string Stored(int parallelism, long revision)
    {
        var stored = LastApplied.Annotate(Sent(parallelism));
        stored["metadata"]!["resourceVersion"] = $"{revision}";
        stored["metadata"]!["uid"] = "u";
        stored["spec"]!["backoffLimit"] = 6;
        return stored.ToJsonString();
    }
}
