namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>Debian's etcd: what passes here is a check of the driver itself, and what fails here and not on ours is worth a look.</summary>
internal sealed class EtcdTarget : ITarget
{
    public string Name => "etcd";

    public bool TakesFaultLibrary => false;

    public bool ChangesMembers => true;

    public bool KeepsHistory => true;

    public bool ForgetsHistoryWithSnapshots => false;

    public Task PrepareAsync(Layout layout) => Task.CompletedTask;

    public (string Program, IReadOnlyList<string> Arguments) StartOf(Layout layout, int member, IReadOnlyList<int>? joins) => ("etcd",
    [
        "--name", Layout.NameOf(member), "--data-dir", layout.FolderOf(member),
        "--listen-client-urls", layout.ClientUrl(member), "--advertise-client-urls", layout.ClientUrl(member),
        "--listen-peer-urls", $"http://127.0.0.1:{layout.PeerPorts[member]}", "--initial-advertise-peer-urls", $"http://{layout.ProxyAddress(member)}",
        "--initial-cluster", string.Join(',', (joins ?? [.. Enumerable.Range(0, layout.FirstCount)]).Select(other => $"{Layout.NameOf(other)}=http://{layout.ProxyAddress(other)}")),
        "--initial-cluster-state", joins is null ? "new" : "existing",
        "--snapshot-count", "1000", "--grpc-keepalive-min-time", "1s", "--log-level", "error",
    ]);
}
