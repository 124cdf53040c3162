using System.Text.Json.Nodes;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Resources;
using ControlPlane.Api.Selectors;

namespace ControlPlane.Tests.Api.Selectors;

public sealed class FieldSelectorTests
{
    private static readonly ResourceDescriptor Pods = ResourceRegistry.BuiltIn.Get(new("", "v1", "Pod"));
    private static readonly ResourceDescriptor ConfigMaps = ResourceRegistry.BuiltIn.Get(new("", "v1", "ConfigMap"));

    private static readonly JsonObject Pod = (JsonObject)JsonNode.Parse("""{"metadata":{"name":"p","namespace":"n"},"spec":{"nodeName":"a"},"status":{"phase":"Running"}}""")!;

    [Theory]
    [InlineData("", true)]
    [InlineData("metadata.name=p", true)]
    [InlineData("metadata.name==p,metadata.namespace=n", true)]
    [InlineData("metadata.name!=p", false)]
    [InlineData("status.phase=Running,spec.nodeName=a", true)]
    [InlineData("status.phase!=Running", false)]
    [InlineData("spec.nodeName=", false)]
    [InlineData("metadata.name=p\\,q", false)]
    public void A_selector_selects(string text, bool expected) => Assert.Equal(expected, FieldSelector.Parse(text, Pods).Matches(Pod));

    [Fact]
    public void A_fixed_name_is_known()
    {
        Assert.Equal("p", FieldSelector.Parse("status.phase=Running,metadata.name=p", Pods).ExactName);
        Assert.Null(FieldSelector.Parse("metadata.name!=p", Pods).ExactName);
        Assert.True(FieldSelector.Parse("", Pods).IsEverything);
    }

    [Fact]
    public void Escaped_commas_and_equal_signs_belong_to_the_value() => Assert.Equal("a,b=c\\", FieldSelector.Parse("metadata.name=a\\,b\\=c\\\\", ConfigMaps).ExactName);

    [Theory]
    [InlineData("spec.nope=1", "field label not supported: spec.nope")]
    [InlineData("nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'")]
    [InlineData("metadata.name=a\\x", "invalid escape sequence")]
    [InlineData("metadata.name=a=b", "unescaped '='")]
    public void What_is_no_selector_is_refused_in_the_words_of_a_real_server(string text, string problem)
    {
        var refusal = Assert.Throws<ApiException>(() => FieldSelector.Parse(text, Pods));
        Assert.Equal((400, "BadRequest"), (refusal.Status.Code, refusal.Status.Reason));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_without_selectable_fields_names_the_two_that_all_have() => Assert.Equal(
        "\"spec.nope\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
        Assert.Throws<ApiException>(() => FieldSelector.Parse("spec.nope=1", ConfigMaps)).Message);
}
