using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Served;

/// <summary>A program that serves etcd's protocol, and how it is started.</summary>
/// <param name="Name">As the table calls it.</param>
/// <param name="Prepare">Once for a group: what its folders need before the first start.</param>
/// <param name="Program">Path of the program.</param>
/// <param name="Arguments">Of one member of a group.</param>
internal sealed record ServedStore(string Name, Func<ServedLayout, Task> Prepare, string Program, Func<ServedLayout, int, IReadOnlyList<string>> Arguments)
{
    /// <summary>Our server, as an operator starts it.</summary>
    public static ServedStore ControlPlane { get; } = new("controlplane", PrepareControlPlaneAsync, BinaryProcess.BinaryPath, (layout, member) =>
    [
        "server", "--name", $"s{member}", "--data", layout.FolderOf(member),
        "--listen", $"127.0.0.1:{layout.OtherPorts[member]}", "--etcd-listen", $"127.0.0.1:{layout.ClientPorts[member]}", "--peer-listen", $"127.0.0.1:{layout.PeerPorts[member]}",
        "--initial-cluster", string.Join(',', layout.PeerPorts.Select((port, other) => $"s{other}=127.0.0.1:{port}")),
    ]);

    /// <summary>The etcd on this machine's path, with the tick and election timeout of our members; null when there is none.</summary>
    public static ServedStore? Etcd { get; } = FindProgram("etcd") is { } program ? new("etcd", static _ => Task.CompletedTask, program, (layout, member) =>
    [
        "--name", $"s{member}", "--data-dir", layout.FolderOf(member), "--log-level", "error",
        "--listen-client-urls", layout.ClientUrl(member), "--advertise-client-urls", layout.ClientUrl(member),
        "--listen-peer-urls", $"http://127.0.0.1:{layout.PeerPorts[member]}", "--initial-advertise-peer-urls", $"http://127.0.0.1:{layout.PeerPorts[member]}",
        "--initial-cluster", string.Join(',', layout.PeerPorts.Select((port, other) => $"s{other}=http://127.0.0.1:{port}")),
        "--heartbeat-interval", "50", "--election-timeout", "500",
    ]) : null;

    private static string? FindProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static async Task PrepareControlPlaneAsync(ServedLayout layout)
    {
        var made = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, layout.Scratch.Folder, null, ["init", "--data", layout.Scratch["seed"], "--hosts", "127.0.0.1"]);
        if (made.ExitCode != 0) throw new InvalidOperationException($"init failed: {made}");
        for (var member = 0; member < layout.MemberCount; member++)
        {
            foreach (var file in Directory.EnumerateFiles(layout.Scratch["seed"], "*", SearchOption.AllDirectories))
            {
                var copy = file.Replace(layout.Scratch["seed"], layout.FolderOf(member));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }
}

/// <summary>Folders and ports of a group on loopback.</summary>
internal sealed record ServedLayout(Scratch Scratch, int[] ClientPorts, int[] PeerPorts, int[] OtherPorts)
{
    public int MemberCount => ClientPorts.Length;

    public static ServedLayout Create(Scratch scratch, int memberCount)
    {
        var ports = Scratch.FreePorts(3 * memberCount);
        return new(scratch, ports[..memberCount], ports[memberCount..(2 * memberCount)], ports[(2 * memberCount)..]);
    }

    public string FolderOf(int member) => Scratch[$"s{member}"];

    public string ClientUrl(int member) => $"http://127.0.0.1:{ClientPorts[member]}";
}
