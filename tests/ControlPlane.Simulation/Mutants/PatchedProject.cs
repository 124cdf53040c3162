using System.Text.Json;

namespace ControlPlane.Simulation.Mutants;

/// <summary>Compiles one project with one of its files replaced: the compiler is called as the build calls it, without the build around it, which takes a second
/// instead of ten.</summary>
internal sealed class PatchedProject
{
    // What only costs time here: documentation, reference assemblies, symbols, style.
    private static readonly string[] LeftOut = ["/doc:", "/refout:", "/out:", "/embed:", "/debug", "/additionalfile:", "/analyzerconfig:", "/warnaserror", "/reportanalyzer"];

    private static readonly Lazy<string> Compiler = new(FindCompiler);

    private readonly string _directory;
    private readonly List<string> _arguments;

    private PatchedProject(string directory, List<string> arguments) => (_directory, _arguments) = (directory, arguments);

    /// <summary>Asks the build how it calls the compiler. The project must have been built before, so that what it refers to is there.</summary>
    public static PatchedProject Of(string root, string project)
    {
        var directory = Path.Combine(root, "src", project);
        var answer = Tool.Run("dotnet",
        [
            "msbuild", Path.Combine(directory, $"{project}.csproj"), "-t:Compile", $"-p:Configuration={BuiltConfiguration}", "-p:ProvideCommandLineArgs=true", "-p:SkipCompilerExecution=true",
            "-p:NonExistentFile=none", "-p:BuildProjectReferences=false", "-getItem:CscCommandLineArgs",
        ], root);
        if (answer.ExitCode != 0) throw new InvalidOperationException($"{project} can not be compiled:\n{answer.Output}");
        using var json = JsonDocument.Parse(answer.Output);
        var arguments = json.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!).ToList();
        return new PatchedProject(directory, arguments);
    }

    /// <summary>Null, or what the compiler said.</summary>
    /// <param name="sourcePath">The file that is replaced, from the project's folder.</param>
    public string? Compile(string sourcePath, string source, string outputPath)
    {
        var folder = Path.GetDirectoryName(outputPath)!;
        var patched = Path.Combine(folder, "Patched.cs");
        File.WriteAllText(patched, source);
        var kept = _arguments.Where(argument => !LeftOut.Any(part => argument.StartsWith(part, StringComparison.Ordinal))).ToList();
        var at = kept.IndexOf(sourcePath);
        if (at < 0) return $"{sourcePath} is no file of the project";
        kept[at] = patched;
        var response = Path.Combine(folder, "csc.rsp");
        // Generators run, analyzers do not.
        File.WriteAllLines(response, kept.Where(argument => argument != "/noconfig").Append("/skipanalyzers+").Append($"/out:{outputPath}").Select(Quoted));
        var compiled = Tool.Run("dotnet", [Compiler.Value, "/noconfig", $"@{response}"], _directory);
        return compiled.ExitCode == 0 ? null : compiled.Output;
    }

    private static string BuiltConfiguration => AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";

    private static string FindCompiler()
    {
        var sdk = Tool.Run("dotnet", ["--version"], AppContext.BaseDirectory).Output.Trim();
        var host = Path.GetDirectoryName(Environment.ProcessPath!)!;
        // The program may have been started by its own executable: then the host is where the runtime is.
        if (!Directory.Exists(Path.Combine(host, "sdk"))) host = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../.."));
        return Path.Combine(host, "sdk", sdk, "Roslyn/bincore/csc.dll");
    }

    private static string Quoted(string argument) => argument.Contains(' ') && !argument.Contains('"') ? $"\"{argument}\"" : argument;
}
