using System.Text;
using ControlPlane.Tests.Architecture;

namespace ControlPlane.Tests.Controllers;

/// <summary>Runs every text file under this folder: commands, a line of dashes, what followed, an empty line. <c>UPDATE_GOLDEN=1</c> rewrites
/// what followed; the diff is reviewed like code.</summary>
public sealed class ControllerScenarioTests
{
    private const string Folder = "tests/ControlPlane.Tests/Controllers";
    private const string Line = "----";

    public static TheoryData<string> Scenarios() => [.. Repository.Files(Folder, ".txt").Where(path => !path.Contains("/Scheduling/")).Select(path => Path.GetRelativePath(Folder, path))];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_unfolds_as_written(string name)
    {
        var path = Path.Combine(Repository.Root, Folder, name);
        var written = File.ReadAllText(path);
        var played = Play(written);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, played);
        else Assert.Equal(written, played);
    }

    [Fact]
    public void Every_scenario_says_what_it_proves() =>
        Assert.All(Repository.Files(Folder, ".txt"), path => Assert.StartsWith("# ", Repository.Read(path)));

    private static string Play(string text)
    {
        var stage = new ControllerStage();
        var played = new StringBuilder();
        var isAnswer = false;
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (isAnswer)
            {
                // Written answers end with an empty line; they are replaced by what followed now.
                isAnswer = line.Length > 0;
                continue;
            }

            played.Append(line).Append('\n');
            if (line == Line)
            {
                played.Append(stage.TakeOutput()).Append('\n');
                isAnswer = true;
            }
            else if (line.Length > 0 && !line.StartsWith('#'))
            {
                stage.Run(line);
            }
        }

        return played.ToString().TrimEnd('\n') + "\n";
    }
}
