namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>The network between members: one proxy for each, one <see cref="Link"/> for each ordered pair.</summary>
internal sealed class MemberNetwork : IAsyncDisposable
{
    private readonly Link[,] _links;
    private readonly MemberProxy[] _proxies;
    private readonly Func<IReadOnlyList<(int Member, int Process)>> _processes;

    /// <param name="ports">Of the proxies, which the members are told of, and of the members themselves.</param>
    /// <param name="processes">Which member is which process at the moment.</param>
    public MemberNetwork(IReadOnlyList<(int Proxy, int Member)> ports, Func<IReadOnlyList<(int Member, int Process)>> processes)
    {
        _processes = processes;
        _links = new Link[ports.Count, ports.Count];
        for (var from = 0; from < ports.Count; from++)
        {
            for (var to = 0; to < ports.Count; to++) _links[from, to] = new();
        }

        _proxies = [.. ports.Select((port, member) => new MemberProxy(this, member, port.Proxy, port.Member))];
    }

    public int Count => _proxies.Length;

    public Link From(int source, int target) => _links[source, target];

    /// <summary>Resets what two members have open and lets nothing new through.</summary>
    public void Cut(int one, int other)
    {
        From(one, other).Cut();
        From(other, one).Cut();
        Reset(one, other);
    }

    /// <summary>Resets what two members have open; they may connect again.</summary>
    public void Reset(int one, int other)
    {
        _proxies[one].ResetFrom(other);
        _proxies[other].ResetFrom(one);
    }

    public void Heal()
    {
        foreach (var link in _links) link.Heal();
    }

    /// <summary>Which member has this end of a connection.</summary>
    internal int? MemberAt(int dialledPort, int sourcePort)
    {
        var processes = _processes();
        return Diallers.OwnerOf(dialledPort, sourcePort, processes.Select(process => process.Process)) is { } owner
            ? processes.First(process => process.Process == owner).Member
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        Heal();
        foreach (var proxy in _proxies) await proxy.DisposeAsync();
    }
}
