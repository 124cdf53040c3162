using System.Globalization;

namespace ControlPlane.Simulation.Mutants;

/// <summary>A bug that consensus systems really had, as a patch of one source file.</summary>
/// <remarks>
/// The file's name is the bug's. Its text:
/// <code>
/// # What goes wrong, and what it costs; any number of lines.
/// class 10
/// file src/ControlPlane.Raft/RaftNode.cs
/// seeds 300
/// ---- find
/// text that occurs exactly once in the file
/// ---- replace
/// text that takes its place
/// </code>
/// </remarks>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Class">The number of the bug's class in docs/simulation.md.</param>
/// <param name="Story">What goes wrong.</param>
/// <param name="SourcePath">Of the patched file, from the repository's root.</param>
/// <param name="SeedCountMax">It must be found within this many seeds.</param>
/// <param name="Find">Occurs exactly once in the source.</param>
/// <param name="Replacement">Takes its place.</param>
internal sealed record Mutant(string Name, int Class, string Story, string SourcePath, int SeedCountMax, string Find, string Replacement)
{
    private const string FindLine = "---- find";
    private const string ReplaceLine = "---- replace";

    /// <summary>The project whose assembly the patch changes, such as <c>ControlPlane.Raft</c>.</summary>
    public string Project => SourcePath.Split('/')[1];

    public static IReadOnlyList<Mutant> All(string root) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(root, "tests/ControlPlane.Simulation/Mutants"), "*.txt").Order(StringComparer.Ordinal)
            .Select(path => Parse(Path.GetFileNameWithoutExtension(path), File.ReadAllLines(path))),
    ];

    /// <exception cref="InvalidDataException">The text is not a mutant; the message says which line is missing.</exception>
    public static Mutant Parse(string name, IReadOnlyList<string> lines)
    {
        var findAt = Require(FindLine);
        var replaceAt = Require(ReplaceLine);
        var head = lines.Take(findAt).ToList();
        return new Mutant(
            name,
            int.Parse(Field("class"), CultureInfo.InvariantCulture),
            string.Join(' ', head.Where(line => line.StartsWith('#')).Select(line => line.TrimStart('#').Trim())),
            Field("file"),
            int.Parse(Field("seeds"), CultureInfo.InvariantCulture),
            Text(findAt + 1, replaceAt),
            Text(replaceAt + 1, lines.Count));

        int Require(string line)
        {
            var at = lines.ToList().IndexOf(line);
            return at >= 0 ? at : throw new InvalidDataException($"mutant {name}: the line '{line}' is missing");
        }

        string Field(string field) => head.FirstOrDefault(line => line.StartsWith(field + " ", StringComparison.Ordinal))?[(field.Length + 1)..].Trim()
            ?? throw new InvalidDataException($"mutant {name}: the line '{field} …' is missing before '{FindLine}'");

        string Text(int first, int end) => string.Join('\n', lines.Skip(first).Take(end - first)).TrimEnd('\n');
    }

    /// <summary>How often the patch fits; anything but 1 means that the source has moved on and the mutant must follow.</summary>
    public int FitCount(string root)
    {
        var source = Source(root);
        var count = 0;
        for (var at = source.IndexOf(Find, StringComparison.Ordinal); at >= 0; at = source.IndexOf(Find, at + 1, StringComparison.Ordinal)) count++;
        return count;
    }

    /// <summary>The source with the bug in it.</summary>
    public string Apply(string root) => Source(root).Replace(Find, Replacement);

    private string Source(string root)
    {
        var path = Path.Combine(root, SourcePath);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }
}
