using ControlPlane.Agent.Environments;

namespace ControlPlane.Tests.Agent.Environments;

public sealed class VariableExpansionTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["A"] = "a", ["B_2"] = "$(A)", ["EMPTY"] = "" };

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$(A)", "a")]
    [InlineData("x$(A)y$(A)", "xaya")]
    [InlineData("$(EMPTY)", "")]
    [InlineData("$(B_2)", "$(A)")]
    [InlineData("$(UNKNOWN)", "$(UNKNOWN)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$a")]
    [InlineData("$$$$(A)", "$$(A)")]
    [InlineData("$A ${A}", "$A ${A}")]
    [InlineData("$", "$")]
    [InlineData("$$", "$")]
    [InlineData("$(", "$(")]
    [InlineData("$(A", "$(A")]
    [InlineData("$()", "$()")]
    public void References_are_replaced_once_and_the_unknown_stays(string text, string expected) => Assert.Equal(expected, VariableExpansion.Expand(text, Variables));
}
