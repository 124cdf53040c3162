using System.Text.RegularExpressions;
using ControlPlane.Api.Resources;

namespace ControlPlane.Tests.Architecture;

/// <summary>Reads the sources as text and keeps small promises.</summary>
public sealed partial class TidyTests
{
    private static readonly string[] CodeFolders = ["src", "tests", "benchmarks"];

    [Fact]
    public void A_todo_carries_an_issue_number()
    {
        var open = Lines(".cs").Where(line => OpenWork().IsMatch(line.Text) && !line.Text.Contains("nameof") && !line.Path.EndsWith("TidyTests.cs"))
            .Where(line => !IssueNumber().IsMatch(line.Text));
        Assert.Empty(open.Select(line => line.ToString()));
    }

    [Fact]
    public void No_catch_block_is_empty()
    {
        var empty = CodeFiles(".cs").Where(path => EmptyCatch().IsMatch(Repository.Read(path)));
        Assert.Empty(empty);
    }

    [Fact]
    public void Tests_wait_for_states_and_never_for_durations()
    {
        var waits = Lines(".cs").Where(line => line.Path.StartsWith("tests/") && ClockWait().IsMatch(line.Text) && !line.Path.EndsWith("TidyTests.cs"));
        Assert.Empty(waits.Select(line => line.ToString()));
    }

    [Fact]
    public void No_type_has_become_a_country()
    {
        var countries = CodeFiles(".cs").Select(path => (path, lines: Repository.Read(path).Count(character => character == '\n'))).Where(file => file.lines > 600);
        Assert.Empty(countries);
    }

    [Fact]
    public void No_file_names_a_path_of_a_machine()
    {
        var leaks = CodeFiles(".cs", ".md", ".csproj", ".props", ".yaml", ".json", ".txt")
            .Concat(Repository.Files("docs", ".md")).Append("README.md").Append("CONTRIBUTING.md")
            .Where(path => !path.EndsWith("TidyTests.cs"))
            .Where(path => MachinePath().IsMatch(Repository.Read(path)));
        Assert.Empty(leaks);
    }

    [Fact]
    public void Links_in_documents_lead_somewhere()
    {
        var broken = Repository.Files("docs", ".md").Append("README.md").Append("CONTRIBUTING.md")
            .SelectMany(path => Link().Matches(Repository.Read(path)).Select(match => (path, target: match.Groups["target"].Value)))
            .Where(link => !link.target.Contains("://") && !link.target.StartsWith('#'))
            .Where(link => !Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(link.path)!, link.target.Split('#')[0])));
        Assert.Empty(broken);
    }

    [Fact]
    public void Every_served_live_kind_has_an_example()
    {
        var examples = string.Join('\n', Repository.Files("manifests", ".yaml").Select(Repository.Read));
        string[] made = ["Event", "Binding", "Endpoints", "Node", "SelfSubjectReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "ComponentStatus"];
        var missing = ResourceRegistry.BuiltIn.All
            .Where(resource => resource.Verbs.Contains("create") && !made.Contains(resource.Kind.Kind))
            .Select(resource => resource.Kind.Kind)
            .Where(kind => !Regex.IsMatch(examples, $@"^\s*kind: {kind}\s*$", RegexOptions.Multiline))
            .Distinct();
        Assert.Empty(missing);
    }

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    private static IEnumerable<string> CodeFiles(params string[] endings) => CodeFolders.SelectMany(folder => Repository.Files(folder, endings));

    private static IEnumerable<Line> Lines(string ending) => CodeFiles(ending)
        .SelectMany(path => Repository.Read(path).Split('\n').Select((text, index) => new Line(path, index + 1, text)));

    private sealed record Line(string Path, int Number, string Text)
    {
        public override string ToString() => $"{Path}:{Number}: {Text.Trim()}";
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|NotImplementedException)\b")]
    private static partial Regex OpenWork();

    [GeneratedRegex(@"#\d+")]
    private static partial Regex IssueNumber();

    [GeneratedRegex(@"catch(\s*\([^)]*\))?(\s*when\s*\([^)]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"Task\.Delay|Thread\.Sleep")]
    private static partial Regex ClockWait();

    [GeneratedRegex(@"(?<![\w.])/(root|work|farm)/\w")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
