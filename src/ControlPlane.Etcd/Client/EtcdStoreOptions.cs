namespace ControlPlane.Etcd.Client;

/// <summary>An existing etcd cluster, as its user describes it.</summary>
public sealed record EtcdStoreOptions
{
    /// <summary>The client URLs of etcd's members, such as <c>http://10.0.0.1:2379</c>; the first that answers is used until it fails.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Everything is kept in keys that begin so; nothing else in etcd is read or written. Servers of one control plane share it.</summary>
    public string Prefix { get; init; } = "/controlplane/";

    /// <summary>This server's name among those that share the prefix. Null: it neither stands for election nor is listed as a server.</summary>
    public string? Name { get; init; }

    /// <summary>Shown beside the name in the list of servers: where this one serves its API.</summary>
    public string Address { get; init; } = "";

    /// <summary>Null: for <c>http</c> URLs.</summary>
    public EtcdCredentials? Credentials { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How long a call may take before it is answered "unknown" or "unavailable".</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence of a server after which etcd forgets it and another may lead. 5 s: longer than etcd's own elections usually take, so that a change of
    /// etcd's leader does not change ours. etcd raises less than 2 s to that by itself.</summary>
    public TimeSpan SessionTimeToLive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The leader lets etcd forget what is older than this, and looks twice in that time: etcd itself keeps everything. Null: somebody else compacts etcd.</summary>
    public TimeSpan? HistoryDuration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>One line for the operator now and then: an etcd that cannot be reached, a watch that was cut.</summary>
    public Action<string> Notice { get; init; } = static _ => { };

    /// <summary>What to do when the store can not go on: another etcd cluster answers than before, or a bug was found.</summary>
    public Action<Exception> Fatal { get; init; } = static exception => Environment.FailFast(exception.Message, exception);
}
