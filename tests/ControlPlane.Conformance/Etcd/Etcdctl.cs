using System.Text.RegularExpressions;
using ControlPlane.Harness;

namespace ControlPlane.Conformance.Etcd;

/// <summary>Debian's etcdctl, unmodified, talking to some servers.</summary>
internal sealed partial class Etcdctl(string path, string endpoints, Scratch scratch)
{
    // What etcdctl waits for by itself; the machine may be busy.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    public string Endpoints => endpoints;

    /// <summary>etcdctl on the PATH, or the test is skipped by name.</summary>
    public static Etcdctl Find(string endpoints, Scratch scratch)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "etcdctl")).FirstOrDefault(File.Exists);
        if (path is null) Assert.Skip("etcdctl is not on the PATH (Debian: apt-get install etcd-client)");
        return new Etcdctl(path!, endpoints, scratch);
    }

    public Etcdctl At(string others) => new(path, others, scratch);

    public Task<Finished> RunAsync(IEnumerable<string> arguments, string? input = null) =>
        BinaryProcess.RunAsync(path, scratch.Folder, Surroundings(), ["--command-timeout=20s", .. arguments], Deadline, input);

    /// <summary>Runs and expects success.</summary>
    /// <returns>Standard output.</returns>
    public async Task<string> OkAsync(params string[] arguments)
    {
        var finished = await RunAsync(arguments);
        Assert.True(finished.ExitCode == 0, $"etcdctl {string.Join(' ', arguments)} failed: {finished}");
        return finished.Output;
    }

    /// <summary>Starts one that goes on, such as <c>watch</c>.</summary>
    public BinaryProcess Start(params string[] arguments) => BinaryProcess.Start(path, scratch.Folder, Surroundings(), arguments);

    /// <summary>Both outputs without what differs from run to run, and without the log lines of the client's library.</summary>
    public static string Masked(Finished finished, bool hidesNumbers)
    {
        var lines = (finished.Output + finished.Error).Split('\n').Where(line => !line.StartsWith("{\"level\":", StringComparison.Ordinal));
        var text = string.Join('\n', lines).TrimEnd('\n');
        text = Endpoint().Replace(text, "<endpoint>");
        text = Id().Replace(text, "<id>");
        text = Duration().Replace(text, "<time>");
        return hidesNumbers ? Sorted(Size().Replace(Number().Replace(text, "#"), "# B")) : text;
    }

    private static string Sorted(string text) => string.Join('\n', text.Split('\n').Order(StringComparer.Ordinal));

    private Dictionary<string, string> Surroundings() => new() { ["ETCDCTL_API"] = "3", ["ETCDCTL_ENDPOINTS"] = endpoints };

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Endpoint();

    [GeneratedRegex(@"\b[0-9a-f]{13,16}\b|\b\d{16,20}\b")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b\d+(\.\d+)?(ns|µs|ms|s)\b")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\b\d+(\.\d+)*\b|(?<=\bs)\d\b")]
    private static partial Regex Number();

    [GeneratedRegex(@"# [kMG]?B")]
    private static partial Regex Size();
}
