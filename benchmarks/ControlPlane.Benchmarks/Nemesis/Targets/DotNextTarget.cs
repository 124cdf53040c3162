namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>DotNext.Net.Cluster behind etcd's KV: the reasons of ADR 0001, kept reproducible.</summary>
internal sealed class DotNextTarget : ITarget
{
    public string Name => "dotnext";

    public bool TakesFaultLibrary => true;

    public bool ChangesMembers => false;

    public bool KeepsHistory => false;

    public bool ForgetsHistoryWithSnapshots => true;

    public Task PrepareAsync(Layout layout) => Task.CompletedTask;

    public (string Program, IReadOnlyList<string> Arguments) StartOf(Layout layout, int member, IReadOnlyList<int>? joins) => (Environment.ProcessPath!,
    [
        "anchor-member", "--data", layout.FolderOf(member), "--etcd-listen", $"{layout.ClientPorts[member]}",
        "--peer-listen", $"{layout.PeerPorts[member]}", "--peer-advertise", $"{layout.ProxyPorts[member]}", "--members", string.Join(',', layout.ProxyPorts),
    ]);
}
