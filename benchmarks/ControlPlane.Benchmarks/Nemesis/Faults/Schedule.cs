namespace ControlPlane.Benchmarks.Nemesis.Faults;

/// <summary>Draws one fault after the other from a seed. Pure: which fault, whom and how long; when depends on how long the ones before took.</summary>
/// <param name="random">Seeded.</param>
/// <param name="abilities">What can be done to this target on this machine.</param>
internal sealed class Schedule(Random random, Abilities abilities)
{
    /// <param name="members">Who belongs to the group now.</param>
    /// <param name="leader">Who leads it, when somebody knows; leaders are struck more often than the others.</param>
    public Fault Next(IReadOnlyList<int> members, int? leader)
    {
        var victim = leader is { } known && members.Contains(known) && random.Next(10) < 4 ? known : members[random.Next(members.Count)];
        var others = members.Where(member => member != victim).OrderBy(_ => random.Next()).ToList();
        while (true)
        {
            Fault? fault = random.Next(20) switch
            {
                0 => new Fault.Kill([victim], Seconds(0, 3)),
                1 => new Fault.Kill([victim, others[0]], Seconds(0, 3), random.Next(2) == 0),
                2 => new Fault.Kill([victim, .. others], Seconds(0, 1), random.Next(2) == 0),
                3 => new Fault.Vanish(victim, Seconds(1, 4)),
                4 => new Fault.Pause([victim], Seconds(0.1, 1.5)),
                5 => new Fault.Pause([victim, .. others.Take(random.Next(others.Count + 1))], Seconds(0.5, 5)),
                6 => new Fault.Cut(victim, others[0], Seconds(1, 4)),
                7 => new Fault.Partition([victim], Seconds(1, 5)),
                8 => new Fault.Partition([victim, .. others.Take(members.Count / 2)], Seconds(1, 4)),
                9 => new Fault.OneWay(victim, IsMute: true, Seconds(1, 4)),
                10 => new Fault.OneWay(victim, IsMute: false, Seconds(1, 4)),
                11 => new Fault.Slow([victim], Seconds(0.02, 0.2), random.Next(2) == 0 ? 0 : 200_000, Seconds(2, 5)),
                12 => new Fault.Flap(Seconds(0.1, 1)),
                13 when abilities.HasFaultLibrary => new Fault.SlowSync([victim], Seconds(0.05, 1), Seconds(1, 5)),
                14 when abilities.HasFaultLibrary => new Fault.FullDisk(victim, Seconds(1, 4)),
                15 when abilities.HasFaultLibrary => random.Next(2) == 0 ? new Fault.FailedSync(victim, Seconds(0.5, 2)) : new Fault.ClockJump(victim, Seconds(-7200, 7200), Seconds(1, 5)),
                16 => new Fault.MoveLeader(others[0]),
                17 when abilities.KeepsHistory => new Fault.Compact(),
                18 => new Fault.LateSnapshot(victim, Seconds(3, 6)),
                19 when abilities.HasSpare => new Fault.Replace(victim),
                _ => null,
            };
            if (fault is not null) return fault;
        }
    }

    /// <summary>How long all is well before the next one; often not at all, so that faults meet.</summary>
    public TimeSpan Rest() => random.Next(3) == 0 ? TimeSpan.Zero : Seconds(0.5, 3);

    private TimeSpan Seconds(double first, double last) => TimeSpan.FromSeconds(first + ((last - first) * random.NextDouble()));
}

/// <param name="HasFaultLibrary">Disk and clock can be struck.</param>
/// <param name="KeepsHistory">There is a history to compact.</param>
/// <param name="HasSpare">A member can be replaced by a spare one.</param>
internal sealed record Abilities(bool HasFaultLibrary, bool KeepsHistory, bool HasSpare);
