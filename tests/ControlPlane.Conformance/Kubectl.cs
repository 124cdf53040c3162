using ControlPlane.Harness;

namespace ControlPlane.Conformance;

/// <summary>An unmodified kubectl of a certain minor version, as it lies on the PATH.</summary>
internal sealed class Kubectl
{
    private readonly string _path;
    private readonly string _kubeconfig;
    private readonly string _home;

    private Kubectl(string path, string kubeconfig, string home)
    {
        _path = path;
        _kubeconfig = kubeconfig;
        _home = home;
    }

    public static TheoryData<string> Versions() => ["1.32", "1.33"];

    /// <summary>kubectl of this version, or the test is skipped by name.</summary>
    public static async Task<Kubectl> FindAsync(string version, string kubeconfig, Scratch scratch)
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(WithTarget))
        {
            foreach (var name in new[] { $"kubectl.{version}", "kubectl" })
            {
                var path = Path.Combine(folder, name);
                if (File.Exists(path) && await IsVersionAsync(path, version)) return new(path, kubeconfig, scratch[$"kube-home-{version}"]);
            }
        }

        Assert.Skip($"kubectl {version} is not on the PATH");
        throw new InvalidOperationException();
    }

    public Task<Finished> RunAsync(params string[] arguments) => RunAsync(arguments, null);

    public Task<Finished> RunAsync(string[] arguments, string? input, TimeSpan? deadline = null) =>
        BinaryProcess.RunAsync(_path, _home, Surroundings(), arguments, deadline ?? TimeSpan.FromSeconds(90), input);

    /// <summary>Runs and expects success.</summary>
    /// <returns>Standard output.</returns>
    public async Task<string> OkAsync(params string[] arguments) => Succeeded(await RunAsync(arguments, null), arguments);

    /// <summary>Runs with standard input and expects success.</summary>
    public async Task<string> OkWithInputAsync(string input, params string[] arguments) => Succeeded(await RunAsync(arguments, input), arguments);

    /// <summary>Runs with an editor that is a command taking the file's name, and expects success.</summary>
    public async Task<string> OkWithEditorAsync(string editor, params string[] arguments)
    {
        var environment = Surroundings();
        environment["KUBE_EDITOR"] = editor;
        return Succeeded(await BinaryProcess.RunAsync(_path, _home, environment, arguments), arguments);
    }

    /// <summary>Runs and expects refusal.</summary>
    /// <returns>Standard error.</returns>
    public async Task<string> RefusedAsync(string input, params string[] arguments)
    {
        var finished = await RunAsync(arguments, input);
        Assert.True(finished.ExitCode != 0, $"kubectl {string.Join(' ', arguments)} should have been refused: {finished}");
        return finished.Error;
    }

    /// <summary>Starts one that goes on, such as <c>get -w</c>.</summary>
    public BinaryProcess Start(params string[] arguments) => BinaryProcess.Start(_path, _home, Surroundings(), arguments);

    private static string Succeeded(Finished finished, string[] arguments)
    {
        Assert.True(finished.ExitCode == 0, $"kubectl {string.Join(' ', arguments)} failed: {finished}");
        return finished.Output;
    }

    private Dictionary<string, string> Surroundings() => new() { ["KUBECONFIG"] = _kubeconfig, ["HOME"] = _home };

    // Versions often lie beside the link's target.
    private static IEnumerable<string> WithTarget(string folder)
    {
        yield return folder;
        var link = new FileInfo(Path.Combine(folder, "kubectl"));
        if (link.Exists && link.ResolveLinkTarget(returnFinalTarget: true) is { } target) yield return Path.GetDirectoryName(target.FullName)!;
    }

    private static async Task<bool> IsVersionAsync(string path, string version)
    {
        var answer = await BinaryProcess.RunAsync(path, Path.GetTempPath(), null, ["version", "--client"]);
        return answer.Output.Contains($"Client Version: v{version}.");
    }
}
