namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>Our store behind its etcd face, without the API server, controllers and TLS around it.</summary>
internal sealed class ReplicaTarget : ITarget
{
    public string Name => "replica";

    public bool TakesFaultLibrary => true;

    public bool ChangesMembers => true;

    public bool KeepsHistory => true;

    public bool ForgetsHistoryWithSnapshots => true;

    public Task PrepareAsync(Layout layout) => Task.CompletedTask;

    public (string Program, IReadOnlyList<string> Arguments) StartOf(Layout layout, int member, IReadOnlyList<int>? joins) => (Environment.ProcessPath!,
    [
        "served-member", "--name", Layout.NameOf(member), "--data", layout.FolderOf(member),
        "--etcd-listen", $"127.0.0.1:{layout.ClientPorts[member]}",
        "--peer-listen", $"127.0.0.1:{layout.PeerPorts[member]}", "--peer-advertise", layout.ProxyAddress(member),
        joins is null ? "--initial-cluster" : "--join", layout.PeerList(joins?.Where(other => other != member) ?? Enumerable.Range(0, layout.FirstCount)),
    ]);
}
