using ControlPlane.Tests.Architecture;
using ControlPlane.Tests.Scenarios;

namespace ControlPlane.Tests.Controllers;

/// <summary>Runs every text file under this folder; <see cref="Scenario"/> tells the form, <see cref="ControllerStage"/> the commands.</summary>
public sealed class ControllerScenarioTests
{
    private const string Folder = "tests/ControlPlane.Tests/Controllers";

    public static TheoryData<string> Scenarios() => [.. Repository.Files(Folder, ".txt").Select(path => Path.GetRelativePath(Folder, path))];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_unfolds_as_written(string name) => Scenario.Check(Path.Combine(Folder, name), new ControllerStage());

    [Fact]
    public void Every_scenario_says_what_it_proves() => Scenario.CheckClaims(Folder);
}
