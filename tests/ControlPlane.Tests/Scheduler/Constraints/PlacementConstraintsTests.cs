using System.Collections.Immutable;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;

namespace ControlPlane.Tests.Scheduler.Constraints;

public sealed class PlacementConstraintsTests
{
    [Theory]
    [InlineData(NodeOperator.In, "zone", "a,b", true)]
    [InlineData(NodeOperator.In, "zone", "c", false)]
    [InlineData(NodeOperator.NotIn, "zone", "c", true)]
    [InlineData(NodeOperator.NotIn, "absent", "c", true)]
    [InlineData(NodeOperator.Exists, "zone", "", true)]
    [InlineData(NodeOperator.Exists, "absent", "", false)]
    [InlineData(NodeOperator.DoesNotExist, "absent", "", true)]
    [InlineData(NodeOperator.Gt, "cores", "7", true)]
    [InlineData(NodeOperator.Gt, "cores", "8", false)]
    [InlineData(NodeOperator.Lt, "cores", "9", true)]
    [InlineData(NodeOperator.Lt, "zone", "9", false)]
    public void A_label_requirement_holds_as_in_Kubernetes(NodeOperator @operator, string key, string values, bool holds)
    {
        var term = new NodeTerm([new(key, @operator, values.Length == 0 ? [] : [.. values.Split(',')])], []);
        Assert.Equal(holds, term.Holds(Node()));
    }

    [Fact]
    public void A_field_requirement_sees_the_name_and_an_empty_term_matches_nothing()
    {
        Assert.True(new NodeTerm([], [new("metadata.name", NodeOperator.In, ["n"])]).Holds(Node()));
        Assert.False(new NodeTerm([], [new("metadata.name", NodeOperator.NotIn, ["n"])]).Holds(Node()));
        Assert.False(new NodeTerm([], []).Holds(Node()));
    }

    [Fact]
    public void Terms_are_ored_and_the_selector_is_anded()
    {
        var constraints = new PlacementConstraints
        {
            NodeSelector = [new("zone", "a")],
            RequiredTerms = [new([new("absent", NodeOperator.Exists, [])], []), new([new("cores", NodeOperator.In, ["8"])], [])],
        };
        Assert.Null(constraints.Refusal(Node()));
        Assert.NotNull((constraints with { NodeSelector = [new("zone", "b")] }).Refusal(Node()));
        Assert.NotNull((constraints with { RequiredTerms = constraints.RequiredTerms.RemoveAt(1) }).Refusal(Node()));
    }

    [Theory]
    [InlineData("k", false, "v", TaintEffect.NoSchedule, true)]
    [InlineData("k", false, "w", TaintEffect.NoSchedule, false)]
    [InlineData("k", true, "", TaintEffect.NoSchedule, true)]
    [InlineData("k", true, "", TaintEffect.NoExecute, false)]
    [InlineData("", true, "", null, true)]
    [InlineData("", false, "v", null, false)]
    public void A_toleration_covers_a_taint_by_key_value_and_effect(string key, bool isExists, string value, TaintEffect? effect, bool tolerates) =>
        Assert.Equal(tolerates, new Toleration(key, isExists, value, effect).Tolerates(new Taint("k", "v", TaintEffect.NoSchedule)));

    [Fact]
    public void A_cordoned_node_takes_only_who_tolerates_it()
    {
        var cordoned = Node() with { IsUnschedulable = true };
        Assert.Equal("node(s) were unschedulable", PlacementConstraints.None.Refusal(cordoned));
        var tolerant = new PlacementConstraints { Tolerations = [new("node.kubernetes.io/unschedulable", true, "", TaintEffect.NoSchedule)] };
        Assert.Null(tolerant.Refusal(cordoned));
    }

    [Fact]
    public void A_preference_never_refuses() =>
        Assert.Null(PlacementConstraints.None.Refusal(Node() with { Taints = [new("k", "v", TaintEffect.PreferNoSchedule)] }));

    private static NodeFacts Node() => new("n", ImmutableDictionary<string, string>.Empty.Add("zone", "a").Add("cores", "8"), [], false);
}
