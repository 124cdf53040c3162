using System.Text;
using ControlPlane.Tests.Architecture;

namespace ControlPlane.Tests.Scenarios;

/// <summary>What a scenario is played on.</summary>
internal interface IStage
{
    /// <summary>Carries out one command.</summary>
    void Run(string line);

    /// <summary>What followed since the last call, line by line, each ended; "" when nothing did.</summary>
    string TakeOutput();
}

/// <summary>A text file of commands, a line of dashes, what followed, an empty line, and so on. <c>UPDATE_GOLDEN=1</c> rewrites what followed; the
/// diff is reviewed like code.</summary>
internal static class Scenario
{
    private const string Dashes = "----";

    /// <summary>Plays a file of the repository and compares.</summary>
    public static void Check(string path, IStage stage)
    {
        var written = Repository.Read(path);
        var played = Play(written, stage);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(Path.Combine(Repository.Root, path), played);
        else Assert.Equal(written, played);
    }

    /// <summary>A scenario without a claim is a recording.</summary>
    public static void CheckClaims(string folder) => Assert.All(Repository.Files(folder, ".txt"), path => Assert.StartsWith("# ", Repository.Read(path)));

    private static string Play(string text, IStage stage)
    {
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
            if (line == Dashes)
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
