using System.Text.Json.Nodes;
using ControlPlane.Api.Documents;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Wire;
using ControlPlane.Tests.Api.Schemas;
using CsCheck;

namespace ControlPlane.Tests.Api.Wire;

public sealed class ProtobufTranscoderTests
{
    // What a typed client sends for a small Job: every field that cannot be absent in its memory, zeros included. Made by another program.
    private const string Job =
        "6b3873000a0f0a0862617463682f763112034a6f6212d4010a120a02706912001a0022002a0032003800420012b301100032a3010a100a0012001a0022002a0032003800420012"
        + "8e010a070a017612021200125f0a02706912047065726c1a047065726c2a00320a0a001000185022002a00420f0a0d0a0363707512060a043530306d521e0a1212100a012f1207080010903f1a00"
        + "1a002200100018002005280030006a007200800100880100900100a201001a054e65766572320042004a0052005800600068008201008a01009a0100a80100c2010038ffffffffffffffffff01"
        + "1a082000280030003a001a002200";

    // Custom resource definitions are only listed, and there are none: their schemas have a form of their own on the wire, which comes with the kind.
    public static TheoryData<string> ServedKinds => [.. ResourceRegistry.BuiltIn.All.Where(resource => resource.Verbs.Contains("create")).Select(resource => resource.Kind.ToString())];

    [Theory]
    [InlineData("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""", "6b3873000a0f0a0276311209436f6e6669674d617012050a030a01611a002200")]
    [InlineData(
        """{"apiVersion":"v1","kind":"Secret","metadata":{"creationTimestamp":"1970-01-01T00:00:01Z"},"data":{"k":"YWJj"}}""",
        "6b3873000a0c0a027631120653656372657412120a0642040801100012080a016b12036162631a002200")]
    public void Bytes_are_those_of_a_real_client(string json, string hex)
    {
        var document = (JsonObject)JsonNode.Parse(json)!;
        Assert.Equal(hex, Convert.ToHexStringLower(ProtobufTranscoder.TryEncode(document)!));
        Assert.Equal(json, ProtobufTranscoder.Decode(Convert.FromHexString(hex)).ToJsonString());
    }

    [Fact]
    public void Zeros_of_fields_that_are_always_sent_mean_absent_and_others_are_values()
    {
        var job = ProtobufTranscoder.Decode(Convert.FromHexString(Job));
        Assert.Equal(
            """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"pi"},"spec":{"completions":0,"template":{"metadata":{},"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"pi","image":"perl","command":["perl"],"ports":[{"containerPort":80}],"resources":{"limits":{"cpu":"500m"}},"livenessProbe":{"httpGet":{"path":"/","port":8080},"periodSeconds":5}}],"restartPolicy":"Never","automountServiceAccountToken":false}},"backoffLimit":-1},"status":{}}""",
            job.ToJsonString());
        DocumentReader.Clean(job, ResourceRegistry.BuiltIn.Get(new("batch", "v1", "Job")), FieldValidation.Strict, [], []);
    }

    [Theory]
    [MemberData(nameof(ServedKinds))]
    public void Any_document_of_a_served_kind_comes_back_as_it_went(string kind)
    {
        var resource = ResourceRegistry.BuiltIn.All.Single(candidate => candidate.Kind.ToString() == kind);
        RandomDocuments.Of(resource).Sample(
            document =>
            {
                var bytes = ProtobufTranscoder.TryEncode(document);
                Assert.NotNull(bytes);
                var decoded = ProtobufTranscoder.Decode(bytes);
                Assert.True(JsonNode.DeepEquals(document, decoded), $"{document.ToJsonString()}\n{decoded.ToJsonString()}");
                // It fits the schema, so nothing is unknown in it.
                DocumentReader.Clean(decoded, resource, FieldValidation.Strict, [], []);
                Assert.True(JsonNode.DeepEquals(document, decoded), decoded.ToJsonString());
            },
            iter: 30);
    }

    [Fact]
    public void Lists_and_statuses_have_a_form_too()
    {
        var list = (JsonObject)JsonNode.Parse("""{"apiVersion":"batch/v1","kind":"JobList","metadata":{"resourceVersion":"7","remainingItemCount":0},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}""")!;
        Assert.True(JsonNode.DeepEquals(list, ProtobufTranscoder.Decode(ProtobufTranscoder.TryEncode(list)!)));
        var status = ApiErrors.NotFound(ResourceRegistry.BuiltIn.Get(new("", "v1", "Pod")), "p").Status.ToDocument();
        Assert.True(JsonNode.DeepEquals(status, ProtobufTranscoder.Decode(ProtobufTranscoder.TryEncode(status)!)));
        var partial = (JsonObject)JsonNode.Parse("""{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"a"}}""")!;
        Assert.True(JsonNode.DeepEquals(partial, ProtobufTranscoder.Decode(ProtobufTranscoder.TryEncode(partial)!)));
    }

    [Fact]
    public void Options_of_any_group_are_read()
    {
        var options = (JsonObject)JsonNode.Parse("""{"apiVersion":"batch/v1","kind":"DeleteOptions","gracePeriodSeconds":0,"propagationPolicy":"Background"}""")!;
        Assert.True(JsonNode.DeepEquals(options, ProtobufTranscoder.Decode(ProtobufTranscoder.TryEncode(options)!)));
    }

    [Theory]
    [InlineData("""{"apiVersion":"example.com/v1","kind":"Widget"}""")]
    [InlineData("""{"apiVersion":"meta.k8s.io/v1","kind":"Table"}""")]
    [InlineData("""{"kind":"ConfigMap","apiVersion":"v1","data":{"k":5}}""")]
    public void What_has_no_protobuf_form_gives_null(string json) => Assert.Null(ProtobufTranscoder.TryEncode((JsonObject)JsonNode.Parse(json)!));

    [Theory]
    [InlineData("", "must start with")]
    [InlineData("7b7d", "must start with")]
    [InlineData("6b387300", "no kind \"\" is registered")]
    [InlineData("6b3873000a0f0a02763112", "is cut off")]
    [InlineData("6b3873000a0c0a0276311206576964676574", "no kind \"Widget\" is registered for version \"v1\"")]
    [InlineData("6b3873000a0f0a0276311209436f6e6669674d617012050a030a01ff", "is not UTF-8")]
    [InlineData("6b3873000a0f0a0276311209436f6e6669674d6170120208011a", "is cut off")]
    [InlineData("6b3873000a0f0a0276311209436f6e6669674d617012020801", "wrong wire type")]
    [InlineData("6b3873000a0f0a0276311209436f6e6669674d617012020300", "field number out of range")]
    public void What_is_not_protobuf_is_refused_with_the_place(string hex, string problem)
    {
        var refusal = Assert.Throws<ApiException>(() => ProtobufTranscoder.Decode(Convert.FromHexString(hex)));
        Assert.Equal(400, refusal.Status.Code);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_fields_of_newer_clients_are_skipped()
    {
        // metadata, then fields 500 (varint), 501 (bytes), 502 (eight bytes), 503 (four bytes).
        var bytes = Convert.FromHexString("6b3873000a0f0a0276311209436f6e6669674d6170" + "121c" + "0a030a0161" + "a01f01" + "aa1f0178" + "b11f0102030405060708" + "bd1f01020304" + "1a00");
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""", ProtobufTranscoder.Decode(bytes).ToJsonString());
    }

    [Fact]
    public void Cut_and_flipped_bytes_are_read_or_refused()
    {
        var bytes = Convert.FromHexString(Job);
        Gen.Select(Gen.Int[0, bytes.Length], Gen.Int[0, bytes.Length - 1], Gen.Byte).Sample((length, at, flip) =>
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= flip;
            try
            {
                ProtobufTranscoder.Decode(damaged.AsSpan(0, length));
            }
            catch (ApiException refusal)
            {
                Assert.Equal(400, refusal.Status.Code);
            }
        });
    }

    [Fact]
    public void Depth_and_the_number_of_values_are_bounded()
    {
        // A RawExtension in a List holds a List that holds a RawExtension …
        var nested = (JsonObject)JsonNode.Parse("""{"apiVersion":"v1","kind":"List","items":[]}""")!;
        var bytes = ProtobufTranscoder.TryEncode(nested)!;
        for (var i = 0; i < 200; i++) bytes = [.. ProtobufTranscoder.Magic, .. Field(1, [.. Field(1, "v1"u8), .. Field(2, "List"u8)]), .. Field(2, Field(2, Field(1, bytes)))];
        Assert.Contains("levels deep", Assert.Throws<ApiException>(() => ProtobufTranscoder.Decode(bytes)).Message, StringComparison.Ordinal);

        var many = Enumerable.Repeat((byte[])[0x12, 0], 300_000).SelectMany(pair => pair).ToArray();
        byte[] podList = [.. ProtobufTranscoder.Magic, .. Field(1, [.. Field(1, "v1"u8), .. Field(2, "PodList"u8)]), .. Field(2, many)];
        Assert.Equal(413, Assert.Throws<ApiException>(() => ProtobufTranscoder.Decode(podList)).Status.Code);
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> value)
    {
        var length = new List<byte>();
        for (var rest = value.Length; ; rest >>= 7)
        {
            length.Add((byte)(rest < 0x80 ? rest : rest | 0x80));
            if (rest < 0x80) break;
        }

        return [(byte)((number << 3) | 2), .. length, .. value];
    }
}
