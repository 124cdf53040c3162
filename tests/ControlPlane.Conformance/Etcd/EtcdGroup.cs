using ControlPlane.Harness;

namespace ControlPlane.Conformance.Etcd;

/// <summary>Three real servers that serve etcd's clients, shared by the tests of one class.</summary>
public sealed class EtcdGroup : IAsyncLifetime
{
    private ServerGroup? _servers;

    internal Scratch Scratch { get; } = new();

    internal ServerGroup Servers => _servers ?? throw new InvalidOperationException("not started");

    /// <summary>All endpoints, as <c>--endpoints</c> takes them.</summary>
    internal string Endpoints => string.Join(',', Enumerable.Range(0, Servers.Count).Select(Servers.EtcdEndpoint));

    public async ValueTask InitializeAsync() => _servers = await ServerGroup.StartAsync(Scratch, 3, onEtcd: false);

    public async ValueTask DisposeAsync()
    {
        if (_servers is not null) await _servers.DisposeAsync();
        Scratch.Dispose();
    }
}
