using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>Our own server, as an operator starts it, with its etcd face on. Snapshots come often, so that faults meet them.</summary>
internal sealed class ControlPlaneTarget : ITarget
{
    private const string Seed = "seed";

    public string Name => "controlplane";

    public bool TakesFaultLibrary => true;

    public bool ChangesMembers => true;

    public bool KeepsHistory => true;

    public bool ForgetsHistoryWithSnapshots => true;

    public async Task PrepareAsync(Layout layout)
    {
        var made = await BinaryProcess.RunAsync(BinaryProcess.BinaryPath, layout.Scratch.Folder, null, ["init", "--data", layout.Scratch[Seed], "--hosts", "127.0.0.1"]);
        if (made.ExitCode != 0) throw new InvalidOperationException($"init failed: {made}");
        for (var member = 0; member < layout.Count; member++) CopyFolder(layout.Scratch[Seed], layout.FolderOf(member));
    }

    public (string Program, IReadOnlyList<string> Arguments) StartOf(Layout layout, int member, IReadOnlyList<int>? joins) => (BinaryProcess.BinaryPath,
    [
        "server", "--name", Layout.NameOf(member), "--data", layout.FolderOf(member),
        "--listen", $"127.0.0.1:{layout.OtherPorts[member]}", "--etcd-listen", $"127.0.0.1:{layout.ClientPorts[member]}",
        "--peer-listen", $"127.0.0.1:{layout.PeerPorts[member]}", "--peer-advertise", layout.ProxyAddress(member),
        joins is null ? "--initial-cluster" : "--join", layout.PeerList(joins?.Where(other => other != member) ?? Enumerable.Range(0, layout.FirstCount)),
        "--snapshot-entries", "500",
    ]);

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(folder.Replace(from, to));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, file.Replace(from, to));
    }
}
