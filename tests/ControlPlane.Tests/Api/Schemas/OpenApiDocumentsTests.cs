using System.Text.Json.Nodes;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Schemas;
using ControlPlane.Api.Wire;

namespace ControlPlane.Tests.Api.Schemas;

public sealed class OpenApiDocumentsTests
{
    private static readonly ResourceRegistry Registry = ResourceRegistry.BuiltIn;

    private static readonly JsonObject Batch = Parse(OpenApiDocuments.V3(Registry, "batch", "v1"));

    public static TheoryData<string, string> GroupVersions => [.. Registry.All.Select(resource => (resource.Group, resource.Version)).Distinct()];

    [Theory]
    [MemberData(nameof(GroupVersions))]
    public void Every_reference_of_a_v3_document_leads_to_a_type_in_it(string group, string version)
    {
        var document = Parse(OpenApiDocuments.V3(Registry, group, version));
        var types = (JsonObject)document["components"]!["schemas"]!;
        Assert.NotEmpty(types);
        Assert.All(References(document), reference =>
        {
            Assert.StartsWith("#/components/schemas/", reference, StringComparison.Ordinal);
            Assert.True(types.ContainsKey(reference["#/components/schemas/".Length..]), reference);
        });
    }

    [Fact]
    public void Every_reference_of_the_v2_document_leads_to_a_type_in_it()
    {
        var document = Parse(OpenApiDocuments.V2(Registry));
        Assert.All(References(document), reference => Assert.True(((JsonObject)document["definitions"]!).ContainsKey(reference["#/definitions/".Length..]), reference));
        Assert.Equal("2.0", (string?)document["swagger"]);
    }

    [Fact]
    public void Kubectl_finds_fieldValidation_at_the_patch_operation_of_a_kind()
    {
        foreach (var resource in Registry.All.Where(resource => resource.Verbs.Contains("patch")))
        {
            var document = Parse(OpenApiDocuments.V3(Registry, resource.Group, resource.Version));
            var patches = ((JsonObject)document["paths"]!).Select(path => path.Value!["patch"]).OfType<JsonObject>().Where(patch =>
            {
                var kind = patch["x-kubernetes-group-version-kind"]!;
                return (string?)kind["kind"] == resource.Kind.Kind && (string?)kind["group"] == resource.Group && (string?)kind["version"] == resource.Version;
            }).ToList();
            Assert.NotEmpty(patches);
            Assert.All(patches, patch => Assert.Contains("fieldValidation", ((JsonArray)patch["parameters"]!).Select(parameter => (string)parameter!["name"]!)));
        }
    }

    [Fact]
    public void Explain_goes_from_the_path_to_the_kind_to_the_type()
    {
        var get = Batch["paths"]!["/apis/batch/v1/namespaces/{namespace}/jobs/{name}"]!["get"]!;
        var kind = get["x-kubernetes-group-version-kind"]!;
        var type = Assert.Single((JsonObject)Batch["components"]!["schemas"]!, candidate =>
            candidate.Value!["x-kubernetes-group-version-kind"] is JsonArray kinds && kinds.Any(other => JsonNode.DeepEquals(other, kind)));
        Assert.Equal("io.k8s.api.batch.v1.Job", type.Key);
        Assert.Equal("get", (string?)get["x-kubernetes-action"]);
    }

    [Fact]
    public void Marks_beside_a_reference_survive_in_v3()
    {
        var template = Batch["components"]!["schemas"]!["io.k8s.api.core.v1.PodSpec"]!["properties"]!["containers"]!;
        Assert.Equal("name", (string?)template["x-kubernetes-patch-merge-key"]);
        Assert.Equal("#/components/schemas/io.k8s.api.core.v1.Container", (string?)template["items"]!["$ref"]);
    }

    [Fact]
    public void Patches_are_accepted_in_three_media_types()
    {
        var content = (JsonObject)Batch["paths"]!["/apis/batch/v1/namespaces/{namespace}/jobs/{name}"]!["patch"]!["requestBody"]!["content"]!;
        Assert.Equal(["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"], content.Select(media => media.Key));
    }

    [Fact]
    public void Operation_ids_are_unique()
    {
        var ids = Registry.All.SelectMany(OpenApiOperations.Of).Select(operation => operation.Id).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids.Distinct().Order(StringComparer.Ordinal));
        Assert.Contains("createBatchV1NamespacedJob", ids);
        Assert.Contains("listCoreV1PodForAllNamespaces", ids);
    }

    [Fact]
    public void The_protobuf_form_holds_every_path_and_type_of_the_v2_document()
    {
        var json = Parse(OpenApiDocuments.V2(Registry));
        var document = Fields(OpenApiDocuments.V2Protobuf(Registry));
        Assert.Equal("2.0", System.Text.Encoding.UTF8.GetString(document.Single(field => field.Number == 1).Bytes));
        Assert.Equal(((JsonObject)json["paths"]!).Select(path => path.Key), Names(document, 8, 2));
        Assert.Equal(((JsonObject)json["definitions"]!).Select(type => type.Key), Names(document, 9, 1));
    }

    private static IEnumerable<string> Names(List<(int Number, byte[] Bytes)> document, int field, int entry) =>
        Fields(document.Single(candidate => candidate.Number == field).Bytes).Where(candidate => candidate.Number == entry)
            .Select(candidate => System.Text.Encoding.UTF8.GetString(Fields(candidate.Bytes).Single(name => name.Number == 1).Bytes));

    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        var reader = new ProtobufReader(message, "the test");
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadTag(out var wireType);
            if (wireType == 2) fields.Add((number, reader.ReadBytes().ToArray()));
            else reader.Skip(wireType);
        }

        return fields;
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private static JsonObject Parse(byte[] utf8) => (JsonObject)JsonNode.Parse(utf8)!;
}
