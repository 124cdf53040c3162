using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using CsCheck;

namespace ControlPlane.Tests.Api.Patches;

public sealed class MergePatchTests
{
    private static readonly ResourceDescriptor ConfigMaps = ResourceRegistry.BuiltIn.Get(new("", "v1", "ConfigMap"));

    // The table of RFC 7386, appendix A, where both sides are objects.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    public void Documents_merge_as_the_standard_shows(string document, string patch, string expected) => Assert.Equal(expected, Apply(document, patch).ToJsonString());

    [Fact]
    public void What_is_no_object_is_no_patch() => Assert.Equal(400, Assert.Throws<ApiException>(() => Apply("{}", "[]")).Status.Code);

    [Fact]
    public void Merging_agrees_with_the_standards_own_program()
    {
        Gen.Select(JsonGen.Object, JsonGen.Object).Sample((document, patch) =>
        {
            var expected = Standard(JsonNode.Parse(document), JsonNode.Parse(patch));
            Assert.True(JsonNode.DeepEquals(expected, Apply(document, patch)), $"{document} + {patch} = {Apply(document, patch).ToJsonString()}, not {expected?.ToJsonString()}");
        });
    }

    // RFC 7386, section 2, line by line.
    private static JsonNode? Standard(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members) return patch?.DeepClone();
        if (target is not JsonObject) target = new JsonObject();
        var result = (JsonObject)target.DeepClone();
        foreach (var (name, value) in members)
        {
            if (value is null) result.Remove(name);
            else result[name] = Standard(result[name], value);
        }

        return result;
    }

    private static JsonObject Apply(string document, string patch) => Patch.Apply(PatchKind.Merge, (JsonObject)JsonNode.Parse(document)!, JsonNode.Parse(patch), ConfigMaps);
}
