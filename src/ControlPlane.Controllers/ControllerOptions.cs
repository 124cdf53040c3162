namespace ControlPlane.Controllers;

/// <summary>Every time and bound of the built-in controllers; the defaults are Kubernetes'.</summary>
public sealed record ControllerOptions
{
    public NodeOptions Nodes { get; init; } = new();

    /// <summary>How long an Event is kept after it last happened.</summary>
    public TimeSpan EventLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often events and leases are looked through for old ones.</summary>
    public TimeSpan ExpirySweepPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often pods are looked through for those nobody else will delete.</summary>
    public TimeSpan PodGarbageSweepPeriod { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Finished pods beyond this number are deleted, the oldest first; 0: never.</summary>
    public int FinishedPodsMax { get; init; } = 12_500;

    /// <summary>The cluster's CA in PEM, given to every namespace as <c>kube-root-ca.crt</c>; null: it is not.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>Objects of one kind worked on at a time. They wait for the log, not for the processor.</summary>
    public int Workers { get; init; } = 8;
}

/// <summary>When a node counts as lost, and what happens to its pods.</summary>
public sealed record NodeOptions
{
    /// <summary>Between two looks at all nodes.</summary>
    public TimeSpan SweepPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which a node's state is unknown.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>The same for a node that never told its state.</summary>
    public TimeSpan StartupGracePeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a pod that says nothing about it stays on a node that is lost or not ready.</summary>
    public TimeSpan DefaultToleration { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Nodes a second whose pods are given up. It bounds the damage of a mistake.</summary>
    public double EvictionsPerSecond { get; init; } = 0.1;

    /// <summary>The same while a large part of a large pool is silent, which is more likely our fault than theirs.</summary>
    public double DisruptedEvictionsPerSecond { get; init; } = 0.01;

    /// <summary>The share of silent nodes from which on the pool counts as disrupted.</summary>
    public double DisruptedShare { get; init; } = 0.55;

    /// <summary>A disrupted pool of this many nodes or fewer gives up none.</summary>
    public int LargePoolNodesMin { get; init; } = 50;

    /// <summary>How long a node must be gone from the API before its pods are deleted: it may register again.</summary>
    public TimeSpan GoneQuarantine { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How long a lease without a node is kept.</summary>
    public TimeSpan OrphanLeaseLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
