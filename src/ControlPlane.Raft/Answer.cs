namespace ControlPlane.Raft;

/// <summary>What became of a proposal or a read.</summary>
public abstract record Answer(ulong Context)
{
    /// <summary>It is in the leader's log at this place. It is committed if, and only if, the entry applied at <paramref name="Index"/> has this <paramref name="Term"/>.</summary>
    public sealed record Proposed(ulong Context, Term Term, LogIndex Index) : Answer(Context);

    /// <summary>It never entered the log.</summary>
    public sealed record ProposalRefused(ulong Context, RefusalReason Reason, ReplicaId? Leader) : Answer(Context);

    /// <summary>A state that includes <paramref name="Index"/> is linearizable for this read.</summary>
    public sealed record ReadReady(ulong Context, LogIndex Index) : Answer(Context);

    /// <summary>Leadership could not be confirmed here.</summary>
    public sealed record ReadRefused(ulong Context, ReplicaId? Leader) : Answer(Context);
}

public enum RefusalReason
{
    NotLeader,

    /// <summary>Leadership is being handed over; the next leader will take it.</summary>
    Transferring,

    /// <summary>Too many bytes wait for their commit; try again when some are through.</summary>
    TooMuchInFlight,

    /// <summary>A configuration change is under way, the term has committed nothing yet, or the aim is no configuration (nobody votes, or somebody twice).</summary>
    ChangeNotPossible,
}
