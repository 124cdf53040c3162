using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using CsCheck;

namespace ControlPlane.Tests.Api.Patches;

public sealed class StrategicMergePatchTests
{
    private static readonly ResourceDescriptor Pods = ResourceRegistry.BuiltIn.Get(new("", "v1", "Pod"));

    [Theory]
    // Elements meet by their merge key; what the patch adds stands first.
    [InlineData("""{"containers":[{"name":"x","image":"1","args":["a"]},{"name":"y"}]}""", """{"containers":[{"name":"x","image":"9"}]}""", """{"containers":[{"name":"x","image":"9","args":["a"]},{"name":"y"}]}""")]
    [InlineData("""{"containers":[{"name":"x"},{"name":"y"}]}""", """{"containers":[{"name":"z","image":"1"}]}""", """{"containers":[{"name":"z","image":"1"},{"name":"x"},{"name":"y"}]}""")]
    [InlineData("""{"containers":[{"name":"x","env":[{"name":"A","value":"1"}]}]}""", """{"containers":[{"name":"x","env":[{"name":"B","value":"2"},{"name":"A","value":"3"}]}]}""", """{"containers":[{"name":"x","env":[{"name":"B","value":"2"},{"name":"A","value":"3"}]}]}""")]
    // Lists without marks are replaced.
    [InlineData("""{"containers":[{"name":"x","args":["a","b"]}]}""", """{"containers":[{"name":"x","args":["c"]}]}""", """{"containers":[{"name":"x","args":["c"]}]}""")]
    [InlineData("""{"tolerations":[{"key":"a"}]}""", """{"tolerations":[{"key":"b"}]}""", """{"tolerations":[{"key":"b"}]}""")]
    // Directives in elements.
    [InlineData("""{"containers":[{"name":"x"},{"name":"y"}]}""", """{"containers":[{"name":"x","$patch":"delete"}]}""", """{"containers":[{"name":"y"}]}""")]
    [InlineData("""{"containers":[{"name":"x","image":"1"},{"name":"y"}]}""", """{"containers":[{"$patch":"replace"},{"name":"z"}]}""", """{"containers":[{"name":"z"}]}""")]
    [InlineData("""{"containers":[{"name":"x","image":"1"}]}""", """{"containers":[{"name":"x","args":["a"],"$patch":"merge"}]}""", """{"containers":[{"name":"x","image":"1","args":["a"]}]}""")]
    // Directives in objects.
    [InlineData("""{"securityContext":{"runAsUser":1,"fsGroup":2}}""", """{"securityContext":{"$patch":"replace","runAsUser":3}}""", """{"securityContext":{"runAsUser":3}}""")]
    [InlineData("""{"securityContext":{"runAsUser":1}}""", """{"securityContext":{"$patch":"delete"}}""", """{"securityContext":{}}""")]
    [InlineData("""{"volumes":[{"name":"v","emptyDir":{}}]}""", """{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/a"}}]}""", """{"volumes":[{"name":"v","hostPath":{"path":"/a"}}]}""")]
    // Null deletes, and leaves no trace where there is nothing to delete.
    [InlineData("""{"nodeName":"n","hostname":"h"}""", """{"nodeName":null}""", """{"hostname":"h"}""")]
    [InlineData("""{}""", """{"securityContext":{"runAsUser":null,"fsGroup":1},"nodeName":null}""", """{"securityContext":{"fsGroup":1}}""")]
    [InlineData("""{}""", """{"containers":[{"name":"x","image":null},{"name":"y","$patch":"delete"}]}""", """{"containers":[{"name":"x"}]}""")]
    // Order.
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}""", """{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]}""", """{"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]}""")]
    [InlineData("""{"containers":[{"name":"a"},{"name":"b"}]}""", """{"$setElementOrder/containers":[{"name":"a"},{"name":"z"},{"name":"b"}],"containers":[{"name":"z"}]}""", """{"containers":[{"name":"a"},{"name":"z"},{"name":"b"}]}""")]
    public void Specs_merge_by_the_marks_of_the_schema(string spec, string patch, string expected) =>
        Assert.Equal(expected, Apply($$"""{"spec":{{spec}}}""", $$"""{"spec":{{patch}}}""")["spec"]!.ToJsonString());

    [Theory]
    [InlineData("""["ex.com/a","ex.com/b","ex.com/c"]""", """{"$deleteFromPrimitiveList/finalizers":["ex.com/b"]}""", """["ex.com/a","ex.com/c"]""")]
    [InlineData("""["ex.com/a","ex.com/c"]""", """{"$setElementOrder/finalizers":["ex.com/d","ex.com/c","ex.com/a"],"finalizers":["ex.com/d"]}""", """["ex.com/d","ex.com/c","ex.com/a"]""")]
    [InlineData("""["ex.com/a"]""", """{"finalizers":["ex.com/b","ex.com/a"]}""", """["ex.com/b","ex.com/a"]""")]
    public void Lists_of_values_merge_as_sets(string finalizers, string patch, string expected) =>
        Assert.Equal(expected, Apply($$$"""{"metadata":{"finalizers":{{{finalizers}}}}}""", $$"""{"metadata":{{patch}}}""")["metadata"]!["finalizers"]!.ToJsonString());

    [Theory]
    [InlineData("""{"containers":[{"image":"x"}]}""", "map: {\"image\":\"x\"} does not contain declared merge key: name")]
    [InlineData("""{"containers":["x"]}""", "invalid patch format of list containers")]
    [InlineData("""{"containers":[{"name":"x","$patch":"explode"}]}""", "unknown patch type found: $patch is \"explode\"")]
    [InlineData("""{"$patch":5}""", "unknown patch type found")]
    [InlineData("""{"$retainKeys":["nodeName"],"hostname":"h"}""", "the patch sets \"hostname\", which the list does not name")]
    [InlineData("""{"$setElementOrder/containers":[{"name":"x"}],"containers":[{"name":"y"}]}""", "the order in patch list doesn't match $setElementOrder/containers list")]
    [InlineData("""{"$setElementOrder/containers":"x"}""", "invalid patch format of $setElementOrder/containers")]
    [InlineData("""{"$deleteFromPrimitiveList/x":"x"}""", "invalid patch format of $deleteFromPrimitiveList/x")]
    public void A_malformed_patch_is_refused_with_the_remedy(string patch, string problem)
    {
        var refusal = Assert.Throws<ApiException>(() => Apply("""{"spec":{"containers":[{"name":"x"}]}}""", $$"""{"spec":{{patch}}}"""));
        Assert.Equal((400, "BadRequest"), (refusal.Status.Code, refusal.Status.Reason));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_arguments_are_left_alone()
    {
        var document = (JsonObject)JsonNode.Parse("""{"spec":{"containers":[{"name":"x"},{"name":"y"}]}}""")!;
        var patch = JsonNode.Parse("""{"spec":{"$setElementOrder/containers":[{"name":"y"},{"name":"x"}],"containers":[{"name":"y","image":"1"}]}}""")!;
        var (documentBefore, patchBefore) = (document.ToJsonString(), patch.ToJsonString());
        Patch.Apply(PatchKind.StrategicMerge, document, patch, Pods);
        Assert.Equal(documentBefore, document.ToJsonString());
        Assert.Equal(patchBefore, patch.ToJsonString());
    }

    [Fact]
    public void Without_marked_lists_and_directives_it_is_a_merge_patch()
    {
        // The names of JsonGen are no fields of a pod, so no list among them is marked.
        Gen.Select(JsonGen.Object, JsonGen.Object).Sample((document, patch) =>
        {
            var strategic = Patch.Apply(PatchKind.StrategicMerge, (JsonObject)JsonNode.Parse(document)!, WithoutNullsInLists(patch), Pods);
            var merge = Patch.Apply(PatchKind.Merge, (JsonObject)JsonNode.Parse(document)!, WithoutNullsInLists(patch), Pods);
            Assert.True(JsonNode.DeepEquals(merge, strategic), $"{document} + {patch}: {strategic.ToJsonString()}, not {merge.ToJsonString()}");
        });
    }

    [Fact]
    public void Merging_by_key_agrees_with_a_plain_dictionary()
    {
        var containers = Gen.Select(Gen.OneOf("a", "b", "c", "d"), Gen.OneOf("1", "2"), Gen.Bool).Array[0, 4]
            .Select(elements => elements.DistinctBy(element => element.Item1).ToArray());
        Gen.Select(containers, containers).Sample((original, patch) =>
        {
            var expected = original.ToDictionary(element => element.Item1, element => element.Item2);
            foreach (var (name, image, isDeleted) in patch)
            {
                if (isDeleted) expected.Remove(name);
                else expected[name] = image;
            }

            var document = Spec(original.Select(element => Container(element.Item1, element.Item2, false)));
            var changes = Spec(patch.Select(element => Container(element.Item1, element.Item2, element.Item3)));
            var merged = ((JsonArray)Patch.Apply(PatchKind.StrategicMerge, document, changes, Pods)["spec"]!["containers"]!)
                .Select(element => KeyValuePair.Create((string)element!["name"]!, (string)element["image"]!)).ToList();
            Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), merged.OrderBy(pair => pair.Key, StringComparer.Ordinal));
            // The patch's own order is kept, and so is the document's among what the patch does not name.
            var named = patch.Where(element => !element.Item3).Select(element => element.Item1).ToList();
            Assert.Equal(named, merged.Select(pair => pair.Key).Where(named.Contains));
            var others = original.Select(element => element.Item1).Where(name => patch.All(element => element.Item1 != name)).ToList();
            Assert.Equal(others, merged.Select(pair => pair.Key).Where(others.Contains));
        });
    }

    private static JsonObject Spec(IEnumerable<JsonNode> containers) => new() { ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers]) } };

    private static JsonNode Container(string name, string image, bool isDeleted)
    {
        var container = new JsonObject { ["name"] = name };
        if (isDeleted) container["$patch"] = "delete";
        else container["image"] = image;
        return container;
    }

    // Inside replaced lists the two kinds of patch treat nulls differently; that is not what is compared here.
    private static JsonNode WithoutNullsInLists(string patch)
    {
        var node = JsonNode.Parse(patch)!;
        Strip(node, false);
        return node;

        static void Strip(JsonNode? node, bool isInList)
        {
            switch (node)
            {
                case JsonObject members:
                    if (isInList)
                    {
                        foreach (var name in members.Where(member => member.Value is null).Select(member => member.Key).ToList()) members.Remove(name);
                    }

                    foreach (var (_, value) in members) Strip(value, isInList);
                    break;
                case JsonArray items:
                    foreach (var item in items) Strip(item, true);
                    break;
            }
        }
    }

    private static JsonObject Apply(string document, string patch) => Patch.Apply(PatchKind.StrategicMerge, (JsonObject)JsonNode.Parse(document)!, JsonNode.Parse(patch), Pods);
}
