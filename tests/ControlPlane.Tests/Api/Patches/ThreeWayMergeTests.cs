using System.Text.Json.Nodes;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using CsCheck;

namespace ControlPlane.Tests.Api.Patches;

public sealed class ThreeWayMergeTests
{
    private static readonly ResourceDescriptor Pods = Find("", "v1", "pods");

    [Theory]
    // What the file no longer says goes; what others said stays.
    [InlineData("""{"a":1,"b":2}""", """{"a":1}""", """{"a":1,"b":2,"c":3}""", """{"a":1,"c":3}""")]
    [InlineData("""{"m":{"a":1,"b":2}}""", """{"m":{"b":3}}""", """{"m":{"a":1,"b":2,"x":9}}""", """{"m":{"b":3,"x":9}}""")]
    [InlineData(null, """{"a":2}""", """{"a":1,"b":2}""", """{"a":2,"b":2}""")]
    // A null asks for nothing, unless there was a value before.
    [InlineData(null, """{"a":null}""", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":null}""", """{"a":null}""", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":5}""", """{"a":null}""", """{"a":1}""", "{}")]
    // Containers are known by their names: defaults of the server stay, a container that left the file goes, a side car of others stays in its place.
    [InlineData(
        """{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}""",
        """{"spec":{"containers":[{"name":"a","image":"2"},{"name":"c","image":"1"}]}}""",
        """{"spec":{"containers":[{"name":"x"},{"name":"a","image":"1","imagePullPolicy":"Always"},{"name":"b","image":"1"},{"name":"y"}]}}""",
        """{"spec":{"containers":[{"name":"x"},{"name":"a","image":"2","imagePullPolicy":"Always"},{"name":"y"},{"name":"c","image":"1"}]}}""")]
    // Arguments are one value.
    [InlineData(
        """{"spec":{"containers":[{"name":"a","args":["1","2"]}]}}""",
        """{"spec":{"containers":[{"name":"a","args":["2"]}]}}""",
        """{"spec":{"containers":[{"name":"a","args":["1","2"]}]}}""",
        """{"spec":{"containers":[{"name":"a","args":["2"]}]}}""")]
    // Finalizers are a set that several write to.
    [InlineData(
        """{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"finalizers":["a"]}}""", """{"metadata":{"finalizers":["z","a","b"]}}""", """{"metadata":{"finalizers":["z","a"]}}""")]
    // The same amount, spelt as the server stores it.
    [InlineData(
        null,
        """{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}""",
        """{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}}""",
        """{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}}""")]
    public void The_file_wins_where_it_speaks(string? original, string modified, string current, string expected)
    {
        var merged = ThreeWayMerge.Merge(original is null ? null : Parse(original), Parse(modified), Parse(current), Pods);
        Assert.Equal(Parse(expected).ToJsonString(), merged.ToJsonString());
    }

    [Fact]
    public void Applying_the_same_file_again_changes_nothing() => Gen.Select(Documents, Documents).Sample((modified, current) =>
    {
        var once = ThreeWayMerge.Merge(null, modified, current, Pods);
        var twice = ThreeWayMerge.Merge(modified, modified, once, Pods);
        return ThreeWayMerge.Difference(once, twice).Count == 0;
    });

    [Fact]
    public void The_difference_leads_from_one_document_to_the_other() => Gen.Select(Documents, Documents).Sample((from, to) =>
    {
        var patched = Patch.Apply(PatchKind.Merge, from, ThreeWayMerge.Difference(from, to), Pods);
        return JsonNode.DeepEquals(patched, to);
    });

    private static readonly Gen<JsonObject> Documents = Gen.Recursive<JsonObject>((depth, inner) =>
        Gen.Select(Gen.Int[0, 3], depth > 3 ? Gen.Int[0, 2].Select(n => (JsonNode)JsonValue.Create(n)) : Gen.OneOf<JsonNode>(
            Gen.Int[0, 2].Select(n => (JsonNode)JsonValue.Create(n)),
            Gen.Int[0, 2].Array[0, 2].Select(list => (JsonNode)new JsonArray([.. list.Select(n => JsonValue.Create(n))])),
            inner.Select(node => (JsonNode)node.DeepClone()))).Array[0, 4].Select(fields =>
            {
                var made = new JsonObject();
                foreach (var (key, value) in fields) made[$"k{key}"] = value.DeepClone();
                return made;
            }));

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private static ResourceDescriptor Find(string group, string version, string plural)
    {
        Assert.True(ResourceRegistry.BuiltIn.TryFind(group, version, plural, out var resource));
        return resource;
    }
}
