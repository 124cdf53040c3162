namespace ControlPlane.Raft;

/// <summary>How a member behaves; equal on all members by custom, not by need.</summary>
public sealed record RaftOptions
{
    public required ReplicaId Self { get; init; }

    /// <summary>Chance as an input: election timeouts are drawn from it. Differs between members and between starts.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Silence of a leader before a follower thinks of an election; the timeout is drawn from [this, 2 × this).</summary>
    public int ElectionTicks { get; init; } = 10;

    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Of the entries in one message; a larger single entry still travels alone.</summary>
    public int AppendSizeBytesMax { get; init; } = 1 << 20;

    /// <summary>Append messages to one follower that have no answer yet.</summary>
    public int WindowMessagesMax { get; init; } = 128;

    /// <summary>Bytes to one follower that have no answer yet.</summary>
    public long WindowBytesMax { get; init; } = 16 << 20;

    /// <summary>Bytes in the leader's log that are not committed; beyond it proposals are refused, so that a leader without followers does not fill its memory.</summary>
    public long UncommittedBytesMax { get; init; } = 64 << 20;

    /// <summary>Of the log in memory, up to which it is kept for followers that are catching up after a snapshot; beyond it they must do with another snapshot.</summary>
    public long CatchUpBytesMax { get; init; } = 256 << 20;

    /// <summary>Whether a leader answers reads without asking the others as long as none of them can have elected another. Saves a round trip and trusts
    /// the clocks: the host must step <see cref="Input.Late"/>, and no member's clock may run faster than another's by more than the bound. On for all members or for none.</summary>
    public bool LeaseReads { get; init; }

    /// <summary>By how much one member's ticks may be shorter than another's, in percent. Crystals differ by 0.02; what is left is for virtual machines.</summary>
    public int ClockDriftPercentMax { get; init; } = 10;
}
