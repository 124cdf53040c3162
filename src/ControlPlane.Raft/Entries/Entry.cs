using ControlPlane.Raft.Membership;

namespace ControlPlane.Raft.Entries;

public enum EntryKind : byte
{
    /// <summary>Opens a leader's term; carries nothing. Committing it commits everything before it.</summary>
    NoOp = 0,

    /// <summary>Bytes for the state machine.</summary>
    Command = 1,

    /// <summary>A new configuration; in force on each member from the moment it is in that member's log.</summary>
    Configuration = 2,
}

/// <summary>One entry of the replicated log. Immutable; the bytes are shared with whoever else holds the entry and must not be written to.</summary>
/// <param name="Term">The term of the leader that created it.</param>
/// <param name="Index">Its position; with <paramref name="Term"/> it names the entry for ever.</param>
/// <param name="Kind">What it carries.</param>
/// <param name="Data">The command's bytes; empty for other kinds.</param>
/// <param name="Configuration">The configuration, for that kind only.</param>
public sealed record Entry(Term Term, LogIndex Index, EntryKind Kind, ReadOnlyMemory<byte> Data, Configuration? Configuration = null)
{
    // What an entry costs beside its data in a frame or in memory; only budgets use it, so it need not be exact.
    private const int OverheadBytes = 48;

    /// <summary>Size for budgets: data plus a flat overhead.</summary>
    public int SizeBytes => Data.Length + OverheadBytes;

    public override string ToString() => $"{Term}/{Index}";
}
