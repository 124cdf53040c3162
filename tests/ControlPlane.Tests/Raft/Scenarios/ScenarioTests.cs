using ControlPlane.Tests.Architecture;
using ControlPlane.Tests.Scenarios;

namespace ControlPlane.Tests.Raft.Scenarios;

/// <summary>Runs every text file beside this one; <see cref="Scenario"/> tells the form, <see cref="ScenarioCluster"/> the commands.</summary>
public sealed class ScenarioTests
{
    private const string Folder = "tests/ControlPlane.Tests/Raft/Scenarios";

    public static TheoryData<string> Scenarios() => [.. Repository.Files(Folder, ".txt").Select(path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_answers_as_written(string name) => Scenario.Check($"{Folder}/{name}.txt", new ScenarioCluster());

    [Fact]
    public void Every_scenario_says_what_it_proves() => Scenario.CheckClaims(Folder);
}
