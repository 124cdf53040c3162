using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using CsCheck;

namespace ControlPlane.Tests.Api.Patches;

public sealed class JsonPatchTests
{
    private static readonly ResourceDescriptor ConfigMaps = ResourceRegistry.BuiltIn.Get(new("", "v1", "ConfigMap"));

    [Theory]
    [InlineData("""{"a":{"foo":1}}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":{"foo":1},"b":2}""")]
    [InlineData("""{"a":["x","z"]}""", """[{"op":"add","path":"/a/1","value":"y"}]""", """{"a":["x","y","z"]}""")]
    [InlineData("""{"a":["x"]}""", """[{"op":"add","path":"/a/-","value":["y"]}]""", """{"a":["x",["y"]]}""")]
    [InlineData("""{"a":["x"]}""", """[{"op":"add","path":"/a/1","value":null}]""", """{"a":["x",null]}""")]
    [InlineData("""{"a":1,"b":2}""", """[{"op":"remove","path":"/a"}]""", """{"b":2}""")]
    [InlineData("""{"a":["x","y","z"]}""", """[{"op":"remove","path":"/a/1"}]""", """{"a":["x","z"]}""")]
    [InlineData("""{"a":["x","y"]}""", """[{"op":"replace","path":"/a/0","value":"q"}]""", """{"a":["q","y"]}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """[{"op":"move","from":"/a/b","path":"/c/d"}]""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""{"a":["x","y","z"]}""", """[{"op":"move","from":"/a/0","path":"/a/2"}]""", """{"a":["y","z","x"]}""")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"copy","from":"/a","path":"/c"}]""", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("""{"a/b":1,"m~n":2}""", """[{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/m~0n","value":2}]""", """{"a/b":1,"m~n":2}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":1.0}]""", """{"a":1}""")]
    [InlineData("""{"":1}""", """[{"op":"remove","path":"/"}]""", """{}""")]
    [InlineData("""{"a":null}""", """[{"op":"test","path":"/a","value":null}]""", """{"a":null}""")]
    public void Operations_do_what_the_standard_says(string document, string patch, string expected) => Assert.Equal(expected, Apply(document, patch).ToJsonString());

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", "operation 0 (test /a): the value is 1")]
    [InlineData("""[{"op":"test","path":"/x","value":null}]""", "operation 0 (test /x): there is nothing at the path")]
    [InlineData("""[{"op":"remove","path":"/x"}]""", "operation 0 (remove /x): there is nothing at the path")]
    [InlineData("""[{"op":"replace","path":"/x","value":1}]""", "there is nothing at the path")]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", "the path's parent does not exist")]
    [InlineData("""[{"op":"add","path":"/l/01","value":1}]""", "\"01\" is no index of a list of 2")]
    [InlineData("""[{"op":"add","path":"/l/3","value":1}]""", "\"3\" is no index of a list of 2")]
    [InlineData("""[{"op":"add","path":"/l/-1","value":1}]""", "is no index")]
    [InlineData("""[{"op":"remove","path":"/l/-"}]""", "there is nothing at the path")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""", "must start with \"/\"")]
    [InlineData("""[{"op":"add","path":"/a~2","value":1}]""", "write \"~\" as \"~0\"")]
    [InlineData("""[{"op":"add","path":"/a"}]""", "value is missing")]
    [InlineData("""[{"op":"frob","path":"/a"}]""", "unknown op \"frob\"")]
    [InlineData("""[{"path":"/a"}]""", "op is missing")]
    [InlineData("""[{"op":"move","from":"/o","path":"/o/p"}]""", "cannot be moved into itself")]
    [InlineData("""[{"op":"replace","path":"","value":[]}]""", "the result is not an object")]
    [InlineData("""[{"op":"remove","path":""}]""", "the whole document cannot be removed")]
    [InlineData("""[1]""", "an operation is an object")]
    public void A_patch_that_does_not_apply_is_refused_as_a_whole(string patch, string problem)
    {
        var refusal = Assert.Throws<ApiException>(() => Apply("""{"a":1,"l":[1,2],"o":{}}""", patch));
        Assert.Equal((422, "Invalid"), (refusal.Status.Code, refusal.Status.Reason));
        Assert.StartsWith("the server rejected our request due to an error in our request", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_patch_leaves_its_arguments_alone_even_when_a_later_operation_fails()
    {
        var document = Parse("""{"a":{"b":1}}""");
        var patch = JsonNode.Parse("""[{"op":"add","path":"/c","value":{"d":1}},{"op":"move","from":"/c/d","path":"/a/d"},{"op":"test","path":"/a/d","value":2}]""")!;
        var before = patch.ToJsonString();
        Assert.Throws<ApiException>(() => Patch.Apply(PatchKind.Json, document, patch, ConfigMaps));
        Assert.Equal("""{"a":{"b":1}}""", document.ToJsonString());
        Assert.Equal(before, patch.ToJsonString());
    }

    [Fact]
    public void Too_many_operations_endless_copies_and_endless_depth_are_refused()
    {
        var many = new JsonArray([.. Enumerable.Range(0, 10_001).Select(_ => JsonNode.Parse("""{"op":"test","path":"/a","value":1}"""))]);
        Assert.Equal(413, Assert.Throws<ApiException>(() => Patch.Apply(PatchKind.Json, Parse("""{"a":1}"""), many, ConfigMaps)).Status.Code);
        var doubling = new JsonArray([.. Enumerable.Range(0, 60).Select(i => JsonNode.Parse($$"""{"op":"copy","from":"","path":"/c{{i}}"}"""))]);
        Assert.Contains("copies may add at most", Assert.Throws<ApiException>(() => Patch.Apply(PatchKind.Json, Parse("""{"a":"0123456789"}"""), doubling, ConfigMaps)).Message, StringComparison.Ordinal);
        var deepening = new JsonArray([.. Enumerable.Range(0, 200).Select(i => JsonNode.Parse($$$"""{"op":"add","path":"{{{string.Concat(Enumerable.Repeat("/a", i + 1))}}}","value":{}}"""))]);
        Assert.Contains("levels deep", Assert.Throws<ApiException>(() => Patch.Apply(PatchKind.Json, [], deepening, ConfigMaps)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_list_is_no_patch() => Assert.Equal(400, Assert.Throws<ApiException>(() => Apply("{}", "{}")).Status.Code);

    [Fact]
    public void Adding_and_removing_again_gives_the_document_back()
    {
        Gen.Select(JsonGen.Object, JsonGen.Value, Gen.Int[0, 1000]).Sample((text, value, seed) =>
        {
            var document = Parse(text);
            var paths = PlacesToAdd(document, "").ToList();
            var path = paths[seed % paths.Count];
            var patch = new JsonArray(
                new JsonObject { ["op"] = "add", ["path"] = path, ["value"] = JsonNode.Parse(value) },
                new JsonObject { ["op"] = "test", ["path"] = path, ["value"] = JsonNode.Parse(value) },
                new JsonObject { ["op"] = "remove", ["path"] = path });
            Assert.Equal(text, Patch.Apply(PatchKind.Json, document, patch, ConfigMaps).ToJsonString());
        });
    }

    [Fact]
    public void Any_operations_apply_or_are_refused()
    {
        var operation = Gen.Select(
            Gen.OneOf("add", "remove", "replace", "move", "copy", "test", "x"), Gen.OneOf("", "/", "/a", "/b/0", "/b/-", "/a/b", "a", "/~"), Gen.OneOf("", "/a", "/b", "/b/0"), JsonGen.Value,
            (op, path, from, value) => $$"""{"op":"{{op}}","path":"{{path}}","from":"{{from}}","value":{{value}}}""");
        Gen.Select(JsonGen.Object, operation.Array[0, 6]).Sample((text, operations) =>
        {
            try
            {
                Apply(text, $"[{string.Join(",", operations)}]");
            }
            catch (ApiException refusal)
            {
                Assert.Equal(422, refusal.Status.Code);
            }
        });
    }

    private static IEnumerable<string> PlacesToAdd(JsonNode node, string path)
    {
        switch (node)
        {
            case JsonObject members:
                yield return $"{path}/new";
                foreach (var (name, value) in members)
                {
                    if (value is null) continue;
                    foreach (var place in PlacesToAdd(value, $"{path}/{name}")) yield return place;
                }

                break;
            case JsonArray items:
                for (var i = 0; i <= items.Count; i++) yield return $"{path}/{i}";
                break;
        }
    }

    private static JsonObject Apply(string document, string patch) => Patch.Apply(PatchKind.Json, Parse(document), JsonNode.Parse(patch), ConfigMaps);

    private static JsonObject Parse(string text) => (JsonObject)JsonNode.Parse(text)!;
}
