namespace ControlPlane.Simulation.Worlds;

/// <summary>What one seed's world is like: sizes, limits, and which faults may strike. Each seed draws a few faults, not all: a bug that needs calm disks
/// and bad links would drown in a world where everything fails at once.</summary>
internal sealed record WorldPlan
{
    public required int MemberCount { get; init; }

    public required long FaultyMicroseconds { get; init; }

    /// <summary>Between two strikes of the nemesis, at most.</summary>
    public required int StrikeMicrosecondsMax { get; init; }

    public required double Loss { get; init; }

    public required double Duplication { get; init; }

    /// <summary>The share of messages of which a second copy comes seconds later.</summary>
    public required double LateDuplication { get; init; }

    public required int LatencyMicrosecondsMax { get; init; }

    public required int DiskMicrosecondsMax { get; init; }

    /// <summary>Ticks of a member come this much faster or slower, at most.</summary>
    public required double DriftMax { get; init; }

    public required long SnapshotEntries { get; init; }

    public required ulong KeptEntries { get; init; }

    public required long? HistoryTicks { get; init; }

    public required int WindowMessagesMax { get; init; }

    public required int AppendSizeBytesMax { get; init; }

    public required int ClientCount { get; init; }

    public required int KeyCount { get; init; }

    public required int LeaseHolderCount { get; init; }

    public required int ThinkMicrosecondsMax { get; init; }

    public bool HasCrashes { get; init; }

    public bool HasPowerCuts { get; init; }

    public bool HasPartitions { get; init; }

    public bool HasPauses { get; init; }

    public bool HasStalls { get; init; }

    public bool HasFullDisks { get; init; }

    public bool HasDiskErrors { get; init; }

    public bool HasRot { get; init; }

    public bool HasClockJumps { get; init; }

    public bool HasTransfers { get; init; }

    public bool HasSlowSnapshots { get; init; }

    public bool HasMembershipChanges { get; init; }

    /// <summary>Nothing happens but that single followers are cut off for a while: then the leader must stay the leader.</summary>
    public bool IsStable { get; init; }

    public static WorldPlan Draw(SeededRandom random)
    {
        var isStable = random.Chance(0.06);
        var memberCount = isStable ? random.Pick([3, 5]) : random.Pick([3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 1, 2, 4]);
        var plan = new WorldPlan
        {
            MemberCount = memberCount,
            FaultyMicroseconds = random.Between(8_000_000, 20_000_000),
            StrikeMicrosecondsMax = random.Pick([400_000, 1_500_000, 4_000_000]),
            Loss = random.Chance(0.4) ? random.Below(20) / 100.0 : 0,
            Duplication = random.Chance(0.4) ? random.Below(20) / 100.0 : 0,
            LateDuplication = random.Chance(0.3) ? random.Below(40) / 1000.0 : 0,
            LatencyMicrosecondsMax = random.Pick([1_000, 5_000, 40_000, 200_000]),
            DiskMicrosecondsMax = random.Pick([500, 5_000, 50_000, 300_000]),
            DriftMax = random.Pick([0, 0.01, 0.1]),
            SnapshotEntries = random.Pick([12, 30, 30, 80, 1_000]),
            KeptEntries = (ulong)random.Pick([0, 3, 10]),
            HistoryTicks = random.Chance(0.3) ? 40 : null,
            WindowMessagesMax = random.Pick([1, 4, 16]),
            AppendSizeBytesMax = random.Pick([100, 400, 4_000]),
            ClientCount = random.Pick([2, 4, 6]),
            KeyCount = random.Pick([1, 2, 4]),
            LeaseHolderCount = random.Pick([0, 0, 1, 2]),
            ThinkMicrosecondsMax = random.Pick([100_000, 300_000, 600_000]),
            HasCrashes = random.Chance(0.5),
            HasPowerCuts = random.Chance(0.4),
            HasPartitions = random.Chance(0.6),
            HasPauses = random.Chance(0.25),
            HasStalls = random.Chance(0.2),
            HasFullDisks = random.Chance(0.12),
            HasDiskErrors = random.Chance(0.12),
            HasRot = random.Chance(0.15),
            HasClockJumps = random.Chance(0.15),
            HasTransfers = random.Chance(0.25),
            HasSlowSnapshots = random.Chance(0.3),
            HasMembershipChanges = random.Chance(0.35),
        };
        // Rot shows at a start after a kill.
        if (plan.HasRot) plan = plan with { HasCrashes = true };
        return isStable ? plan.OnlyIsolation() : plan;
    }

    public override string ToString()
    {
        string?[] faults =
        [
            Loss > 0 ? $"loss {Loss:P0}" : null, Duplication > 0 ? $"duplicates {Duplication:P0}" : null, LateDuplication > 0 ? $"late duplicates {LateDuplication:P1}" : null,
            DriftMax > 0 ? $"drift {DriftMax:P0}" : null, HasCrashes ? "crashes" : null, HasPowerCuts ? "power cuts" : null, HasPartitions ? "partitions" : null,
            HasPauses ? "pauses" : null, HasStalls ? "stalls" : null, HasFullDisks ? "full disks" : null, HasDiskErrors ? "disk errors" : null, HasRot ? "rot" : null,
            HasClockJumps ? "clock jumps" : null, HasTransfers ? "transfers" : null, HasSlowSnapshots ? "slow snapshots" : null,
            HasMembershipChanges ? "membership changes" : null, IsStable ? "only isolated followers" : null,
        ];
        return $"{MemberCount} members, latency ≤ {LatencyMicrosecondsMax / 1000.0} ms, disk ≤ {DiskMicrosecondsMax / 1000.0} ms, snapshot every {SnapshotEntries} entries ({KeptEntries} kept), "
            + $"{ClientCount} clients on {KeyCount} keys; {string.Join(", ", faults.Where(fault => fault is not null))}";
    }

    private WorldPlan OnlyIsolation() => this with
    {
        Loss = 0,
        LateDuplication = 0,
        LatencyMicrosecondsMax = 40_000,
        DiskMicrosecondsMax = 5_000,
        DriftMax = 0.01,
        HasCrashes = false,
        HasPowerCuts = false,
        HasPartitions = true,
        HasPauses = false,
        HasStalls = false,
        HasFullDisks = false,
        HasDiskErrors = false,
        HasRot = false,
        HasClockJumps = false,
        HasTransfers = false,
        HasMembershipChanges = false,
        IsStable = true,
    };
}
