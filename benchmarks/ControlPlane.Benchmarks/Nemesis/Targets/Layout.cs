using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>Folders and ports of a group. Members above <paramref name="FirstCount"/> are spare: they join during the run.</summary>
internal sealed record Layout(Scratch Scratch, int FirstCount, IReadOnlyList<int> ClientPorts, IReadOnlyList<int> ProxyPorts, IReadOnlyList<int> PeerPorts, IReadOnlyList<int> OtherPorts)
{
    public int Count => ClientPorts.Count;

    public static Layout Create(Scratch scratch, int firstCount, int spareCount)
    {
        var count = firstCount + spareCount;
        var ports = Scratch.FreePorts(4 * count);
        return new(scratch, firstCount, ports[..count], ports[count..(2 * count)], ports[(2 * count)..(3 * count)], ports[(3 * count)..]);
    }

    public static string NameOf(int member) => $"s{member}";

    public string FolderOf(int member) => Scratch[NameOf(member)];

    public string ClientUrl(int member) => $"http://127.0.0.1:{ClientPorts[member]}";

    /// <summary>What the other members dial.</summary>
    public string ProxyAddress(int member) => $"127.0.0.1:{ProxyPorts[member]}";

    /// <summary><c>s0=127.0.0.1:1,s1=127.0.0.1:2</c>.</summary>
    public string PeerList(IEnumerable<int> members) => string.Join(',', members.Select(member => $"{NameOf(member)}={ProxyAddress(member)}"));
}
