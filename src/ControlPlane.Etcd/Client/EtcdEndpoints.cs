namespace ControlPlane.Etcd.Client;

/// <summary>The members of etcd that were named, one of them in use. Any thread.</summary>
/// <remarks>One at a time rather than spread: a watch and the writes of one server then tell one member's story, and a member that is cut off is left as a whole.</remarks>
internal sealed class EtcdEndpoints : IDisposable
{
    private readonly EtcdConnection[] _connections;
    private int _current;

    public EtcdEndpoints(IReadOnlyList<Uri> endpoints, EtcdCredentials? credentials)
    {
        if (endpoints.Count == 0) throw new ArgumentException("no endpoint of etcd is named", nameof(endpoints));
        _connections = [.. endpoints.Select(endpoint => new EtcdConnection(endpoint, credentials))];
    }

    public EtcdConnection Current => _connections[Volatile.Read(ref _current)];

    /// <summary>Goes on with the next member, unless somebody has left <paramref name="failed"/> already.</summary>
    public void Leave(EtcdConnection failed)
    {
        var index = Array.IndexOf(_connections, failed);
        Interlocked.CompareExchange(ref _current, (index + 1) % _connections.Length, index);
    }

    public override string ToString() => string.Join(", ", _connections.Select(connection => connection.Endpoint.GetLeftPart(UriPartial.Authority)));

    public void Dispose()
    {
        foreach (var connection in _connections) connection.Dispose();
    }
}
