using System.Runtime.CompilerServices;

namespace ControlPlane.Tests.Architecture;

/// <summary>The checkout the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] NotSource = ["bin", "obj", "node_modules", ".git", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Files under <paramref name="folder"/> whose name ends with one of <paramref name="endings"/>, as paths from the root.</summary>
    public static IEnumerable<string> Files(string folder, params string[] endings)
    {
        var start = Path.Combine(Root, folder);
        return !Directory.Exists(start) ? [] : Directory.EnumerateFiles(start, "*", SearchOption.AllDirectories)
            .Where(path => endings.Any(path.EndsWith))
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.Split('/').Any(NotSource.Contains))
            .Order(StringComparer.Ordinal);
    }

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(thisFile)! })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "ControlPlane.sln"))) return folder.FullName;
            }
        }

        throw new InvalidOperationException($"ControlPlane.sln not found above {AppContext.BaseDirectory}");
    }
}
