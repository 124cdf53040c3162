using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ControlPlane.Tests.Architecture;

/// <summary>The picture in docs/ARCHITECTURE.md is the truth about which project knows which.</summary>
public sealed partial class PictureTests
{
    [Fact]
    public void The_picture_and_the_project_references_are_equal()
    {
        var drawn = Arrow().Matches(Repository.Read("docs/ARCHITECTURE.md"))
            .Select(match => $"{match.Groups["from"].Value} --> {match.Groups["to"].Value}")
            .Order(StringComparer.Ordinal);
        var built = Repository.Files("src", ".csproj")
            .SelectMany(References)
            .Order(StringComparer.Ordinal);
        Assert.Equal(drawn, built);
    }

    [Fact]
    public void Every_project_says_why_it_exists()
    {
        var silent = Repository.Files("src", ".csproj").Where(path => !Repository.Read(path).Contains("Reason to exist:"));
        Assert.Empty(silent);
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = Repository.Read("ControlPlane.sln").Replace('\\', '/');
        var missing = new[] { "src", "tests", "benchmarks" }
            .SelectMany(folder => Repository.Files(folder, ".csproj"))
            .Where(path => !solution.Contains(path));
        Assert.Empty(missing);
    }

    private static IEnumerable<string> References(string project)
    {
        var from = Short(project);
        return XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => $"{from} --> {Short(reference.Attribute("Include")!.Value)}");
    }

    private static string Short(string projectPath)
    {
        var name = Path.GetFileNameWithoutExtension(projectPath);
        return name == "ControlPlane" ? name : name["ControlPlane.".Length..];
    }

    [GeneratedRegex(@"^\s+(?<from>\w+) --> (?<to>\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Arrow();
}
