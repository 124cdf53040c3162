using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Etcd.Hosting;

/// <summary>How the face is served.</summary>
public sealed record EtcdHostOptions
{
    /// <summary>Where to listen; port 0 is any free port.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Without it, whoever reaches the port reads and writes everything.</summary>
    public EtcdTls? Tls { get; init; }

    /// <summary>URLs that clients are told for this member; null: the address it listens on.</summary>
    public IReadOnlyList<string>? AdvertisedUrls { get; init; }

    /// <summary>Tells the other members' clients of this one through the store (one small key a member), so that <c>etcdctl --cluster</c> finds them all.</summary>
    public bool PublishesUrls { get; init; }

    /// <summary>Whether the members speak TLS among each other; only told to clients.</summary>
    public bool HasSecurePeers { get; init; }

    /// <summary>How often a watch that asked for it is told of progress; etcd's default.</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long open calls may go on after a stop.</summary>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(2);

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <param name="Certificate">The server's, with its key. Owned by the caller.</param>
/// <param name="MayConnect">Whether a client with this certificate may connect; it may do everything then. Clients without one may not.</param>
public sealed record EtcdTls(X509Certificate2 Certificate, Func<X509Certificate2, bool> MayConnect);
