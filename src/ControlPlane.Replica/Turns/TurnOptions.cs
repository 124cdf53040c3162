namespace ControlPlane.Replica.Turns;

/// <summary>Limits of a member's turns, in ticks, entries and bytes.</summary>
internal sealed record TurnOptions
{
    /// <summary>A proposal or read that is not settled by then is answered "unknown" or "unavailable".</summary>
    public int RequestTicks { get; init; } = 200;

    /// <summary>A forwarded proposal or read that nothing was heard of is sent again after this long.</summary>
    public int ResendTicks { get; init; } = 20;

    /// <summary>As the core has it: a member that was not heard for longer counts as out of reach.</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>Open proposals of this member; beyond it callers are told to slow down.</summary>
    public int OpenProposalsMax { get; init; } = 65_536;

    /// <summary>Of one command. Kubernetes refuses objects above about 1.5 MiB long before this.</summary>
    public int CommandSizeBytesMax { get; init; } = 16 << 20;

    /// <summary>A snapshot is taken when this many entries were applied since the last…</summary>
    public long SnapshotEntries { get; init; } = 100_000;

    /// <summary>…or this many bytes, or half as many as the last snapshot was large, whichever is more.</summary>
    public long SnapshotBytes { get; init; } = 16 << 20;

    /// <summary>What a second of a lease is in ticks.</summary>
    public double TicksPerSecond { get; init; } = 20;

    /// <summary>Leases ended in one tick: a thousand a second, so that a crowd of holders that vanish together does not keep everybody else from writing.</summary>
    public int LeaseExpiriesPerTickMax { get; init; } = 50;

    /// <summary>How often the leader writes down what long leases have left: the most that a restart or another leader can give them again.</summary>
    public int LeaseCheckpointTicks { get; init; } = 1_200;

    /// <summary>What a new leader gives every lease at least: an election's time, in which nobody could renew.</summary>
    public int LeaseGraceTicks { get; init; } = 20;

    /// <summary>What keys and values may have together, carried into the log when this member leads; null leaves what is in force.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>How often the leader compares the members' states: three small messages a member.</summary>
    public int CompareTicks { get; init; } = 100;

    /// <summary>How long history is kept; null keeps it until it outgrows its bytes.</summary>
    public long? HistoryTicks { get; init; } = 12_000;

    /// <summary>Entries kept before a snapshot, for followers that are a little behind.</summary>
    public ulong KeptEntries { get; init; } = 5_000;

    /// <summary>…but not more bytes than this: they lie in memory.</summary>
    public long KeptBytes { get; init; } = 8 << 20;
}
