using ControlPlane.Simulation.Mutants;
using Xunit;

namespace ControlPlane.Simulation;

/// <summary>The planted bugs keep up with the sources. Whether the simulator finds them takes minutes and is a command of its own: <c>mutants</c>.</summary>
public sealed class MutantTests
{
    private static readonly string Root = MutationScore.RepositoryRoot();

    public static TheoryData<string> Names() => [.. Mutant.All(Root).Select(mutant => mutant.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_bug_fits_the_sources_in_exactly_one_place(string name)
    {
        var mutant = Mutant.All(Root).Single(mutant => mutant.Name == name);
        Assert.True(
            mutant.FitCount(Root) == 1,
            $"The text that Mutants/{name}.txt looks for is there {mutant.FitCount(Root)} times in {mutant.SourcePath}. When the source moved on, let the mutant follow: the same bug in the new words.");
        Assert.NotEqual(mutant.Find, mutant.Replacement);
        Assert.NotEmpty(mutant.Story);
    }

    [Fact]
    public void There_are_planted_bugs_of_many_classes_in_every_layer()
    {
        var mutants = Mutant.All(Root);
        Assert.True(mutants.Count >= 40);
        Assert.True(mutants.Select(mutant => mutant.Class).Distinct().Count() >= 20);
        Assert.Equal(["ControlPlane.Raft", "ControlPlane.Replica", "ControlPlane.Store", "ControlPlane.Wal"], mutants.Select(mutant => mutant.Project).Distinct().Order());
    }

    [Fact]
    public void A_mutant_without_its_parts_is_refused_by_name() =>
        Assert.Contains("---- find", Assert.Throws<InvalidDataException>(() => Mutant.Parse("broken", ["# a story", "class 1"])).Message);
}
