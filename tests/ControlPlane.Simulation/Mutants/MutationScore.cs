using System.Collections.Concurrent;
using System.Globalization;

namespace ControlPlane.Simulation.Mutants;

/// <summary>Plants each bug in turn and lets the simulator look for it.</summary>
internal static class MutationScore
{
    // A bug may make the program spin. That says nothing to anybody on a busy machine, so that it does not count as found.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private static readonly string[] LeftAlone = [".pdb", ".xml"];

    /// <param name="names">Only these, by name; empty: all.</param>
    /// <returns>The exit code: 0 when all were found.</returns>
    public static int Run(IReadOnlyList<string> names, int threads)
    {
        var root = RepositoryRoot();
        var mutants = Mutant.All(root).Where(mutant => names.Count == 0 || names.Contains(mutant.Name)).ToList();
        if (mutants.Count == 0) throw new ArgumentException($"no mutant is called {string.Join(" or ", names)}; the names are those of the files in Mutants/");
        var projects = mutants.Select(mutant => mutant.Project).Distinct().ToDictionary(project => project, project => PatchedProject.Of(root, project));
        var results = new ConcurrentBag<(Mutant Mutant, bool IsFound, string Finding)>();
        var scratch = Directory.CreateTempSubdirectory("mutants-");
        try
        {
            Parallel.ForEach(mutants, new ParallelOptions { MaxDegreeOfParallelism = threads }, mutant =>
            {
                var (isFound, finding) = Look(root, mutant, projects[mutant.Project], scratch.CreateSubdirectory(mutant.Name).FullName);
                results.Add((mutant, isFound, finding));
                Console.WriteLine($"{(isFound ? "found   " : "SURVIVED")} {mutant.Class,2} {mutant.Name}: {finding}");
            });
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        Console.WriteLine($"\nmutation score: {results.Count(result => result.IsFound)} of {mutants.Count} found");
        return results.All(result => result.IsFound) ? 0 : 1;
    }

    public static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "ControlPlane.sln"))) return directory.FullName;
        }

        throw new InvalidOperationException($"no ControlPlane.sln above {AppContext.BaseDirectory}; run this from a clone of the repository");
    }

    private static (bool IsFound, string Finding) Look(string root, Mutant mutant, PatchedProject project, string folder)
    {
        if (mutant.FitCount(root) is var fits and not 1) return (false, $"the text to find is there {fits} times in {mutant.SourcePath}; it must be once");
        // The program as it was built, with one assembly exchanged.
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(file => !LeftAlone.Contains(Path.GetExtension(file))))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var inProject = mutant.SourcePath[$"src/{mutant.Project}/".Length..];
        if (project.Compile(inProject, mutant.Apply(root), Path.Combine(folder, $"{mutant.Project}.dll")) is { } problem) return (false, $"does not compile:\n{problem}");
        string[] arguments =
        [
            Path.Combine(folder, "ControlPlane.Simulation.dll"), "seeds", mutant.SeedCountMax.ToString(CultureInfo.InvariantCulture), "--threads", "1",
        ];
        var run = Tool.Run("dotnet", arguments, folder, Patience);
        Directory.Delete(folder, recursive: true);
        if (run.IsOverdue) return (false, $"still running after {Patience.TotalMinutes:F0} minutes");
        if (run.ExitCode == 0) return (false, $"not seen in {mutant.SeedCountMax} seeds");
        var first = run.Output.Split('\n')[0];
        // "seed 12 at commit …: what broke": the seed's number is how many it took.
        var colon = first.IndexOf(": ", StringComparison.Ordinal);
        return first.StartsWith("seed ", StringComparison.Ordinal) && colon > 0
            ? (true, $"seed {first.Split(' ')[1]}, {Shortened(first[(colon + 2)..])}")
            : (true, $"the program ended with {run.ExitCode}: {Shortened(first)}");
    }

    private static string Shortened(string text) => text.Length <= 150 ? text : $"{text[..147]}...";
}
