namespace ControlPlane.Benchmarks.Nemesis.Faults;

/// <summary>One thing that goes wrong, and for how long.</summary>
/// <param name="Span">After this it is put right again.</param>
internal abstract record Fault(TimeSpan Span)
{
    /// <summary><c>kill -9</c>; they start again after <see cref="Fault.Span"/>, one by one when <paramref name="IsStaggered"/>.</summary>
    public sealed record Kill(IReadOnlyList<int> Members, TimeSpan Span, bool IsStaggered = false) : Fault(Span);

    /// <summary>Its links fall silent, then it is killed: nobody is told that the connections have ended.</summary>
    public sealed record Vanish(int Member, TimeSpan Span) : Fault(Span);

    public sealed record Pause(IReadOnlyList<int> Members, TimeSpan Span) : Fault(Span);

    /// <summary>Connections between the two are reset and refused.</summary>
    public sealed record Cut(int One, int Other, TimeSpan Span) : Fault(Span);

    /// <summary>Nothing passes between the sides, and nobody is told.</summary>
    public sealed record Partition(IReadOnlyList<int> OneSide, TimeSpan Span) : Fault(Span);

    /// <summary>One way only: what the member sends does not arrive (<paramref name="IsMute"/>), or what is sent to it does not.</summary>
    public sealed record OneWay(int Member, bool IsMute, TimeSpan Span) : Fault(Span);

    /// <summary>To and from these members everything is late, and no faster than that.</summary>
    public sealed record Slow(IReadOnlyList<int> Members, TimeSpan Delay, int BytesPerSecond, TimeSpan Span) : Fault(Span);

    /// <summary>All peer connections are reset once, at the beginning and at the end.</summary>
    public sealed record Flap(TimeSpan Span) : Fault(Span);

    public sealed record SlowSync(IReadOnlyList<int> Members, TimeSpan Delay, TimeSpan Span) : Fault(Span);

    /// <summary>Every write of a file fails with ENOSPC. A member that stops itself is started again when there is space.</summary>
    public sealed record FullDisk(int Member, TimeSpan Span) : Fault(Span);

    /// <summary>Every sync fails with EIO. The member must stop; it is started again.</summary>
    public sealed record FailedSync(int Member, TimeSpan Span) : Fault(Span);

    public sealed record ClockJump(int Member, TimeSpan Offset, TimeSpan Span) : Fault(Span);

    /// <summary>The leader is asked to hand over.</summary>
    public sealed record MoveLeader(int Target) : Fault(TimeSpan.Zero);

    /// <summary>History before the newest revision but some is thrown away.</summary>
    public sealed record Compact() : Fault(TimeSpan.Zero);

    /// <summary>It is cut off until its peers have thrown the log away that it needs, so that a snapshot must come; while that is under way the links are slow, and once they break.</summary>
    public sealed record LateSnapshot(int Member, TimeSpan Span) : Fault(Span);

    /// <summary>A spare member joins as a learner, is promoted, and the given one is removed and wiped, to be the next spare.</summary>
    public sealed record Replace(int Member) : Fault(TimeSpan.Zero);

    /// <summary>So many members are reachable by each other and running that the group can work.</summary>
    public bool KeepsMajority(int memberCount) => this switch
    {
        Kill kill => Fits(kill.Members.Count, memberCount),
        Pause pause => Fits(pause.Members.Count, memberCount),
        SlowSync slow => Fits(slow.Members.Count, memberCount),
        Slow slow => Fits(slow.Members.Count, memberCount),
        _ => true,
    };

    private static bool Fits(int victimCount, int memberCount) => victimCount < (memberCount + 1) / 2;
}
