using System.Net;
using ControlPlane.Replica;

namespace ControlPlane.Hosting;

/// <summary>What one server is told.</summary>
/// <param name="Name">This member's name in <paramref name="Members"/>.</param>
/// <param name="DataFolder">Holds the identity (<c>pki</c>) and the log.</param>
/// <param name="Listen">The API.</param>
/// <param name="Advertise"><c>host:port</c> that agents reach the API at; null: the bound address.</param>
/// <param name="PeerListen">The other members; null for a server of its own.</param>
/// <param name="Members">Names and peer addresses of all first members; null for a server of its own.</param>
internal sealed record ServerSettings(
    string Name,
    string DataFolder,
    IPEndPoint Listen,
    string? Advertise = null,
    string? PeerListen = null,
    IReadOnlyList<PeerAddress>? Members = null)
{
    /// <summary>Servers of a running cluster that this one was added to; null when it is a first one.</summary>
    public IReadOnlyList<PeerAddress>? Join { get; init; }

    /// <summary>The dashboard; null: none.</summary>
    public IPEndPoint? DashboardListen { get; init; }

    /// <summary>The store as etcd's v3 protocol; null: not served.</summary>
    public IPEndPoint? EtcdListen { get; init; }

    /// <summary>Serves etcd's protocol with TLS, to administrators' certificates only.</summary>
    public bool HasEtcdTls { get; init; }

    /// <summary>The etcd cluster that keeps the store; null: this server keeps it, alone or with the other members.</summary>
    public EtcdSettings? Etcd { get; init; }

    /// <summary>As <see cref="ReplicaOptions.QuotaBytes"/>.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>Null: the replica's usual.</summary>
    public TimeSpan? HistoryDuration { get; init; }

    /// <summary>As <see cref="ReplicaOptions.PeerAdvertise"/>.</summary>
    public string? PeerAdvertise { get; init; }

    /// <summary>As <see cref="ReplicaOptions.SnapshotEntries"/>; null: the replica's usual.</summary>
    public long? SnapshotEntries { get; init; }
}
