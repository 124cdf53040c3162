using System.Text;
using ControlPlane.Tests.Architecture;

namespace ControlPlane.Tests.Raft.Scenarios;

/// <summary>Runs every text file beside this one: commands, a line of dashes, what they answered, an empty line.
/// <c>UPDATE_GOLDEN=1</c> rewrites the answers; the diff is reviewed like code.</summary>
public sealed class ScenarioTests
{
    private const string Folder = "tests/ControlPlane.Tests/Raft/Scenarios";
    private const string Line = "----";

    public static TheoryData<string> Scenarios() => [.. Repository.Files(Folder, ".txt").Select(path => Path.GetFileNameWithoutExtension(path)!)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_answers_as_written(string name)
    {
        var path = Path.Combine(Repository.Root, Folder, $"{name}.txt");
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
        var cluster = new ScenarioCluster();
        var played = new StringBuilder();
        var isAnswer = false;
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (isAnswer)
            {
                // Written answers end with an empty line; they are replaced by what was answered now.
                isAnswer = line.Length > 0;
                continue;
            }

            played.Append(line).Append('\n');
            if (line == Line)
            {
                played.Append(cluster.TakeOutput()).Append('\n');
                isAnswer = true;
            }
            else if (line.Length > 0 && !line.StartsWith('#'))
            {
                cluster.Run(line);
            }
        }

        return played.ToString().TrimEnd('\n') + "\n";
    }
}
