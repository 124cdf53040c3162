namespace ControlPlane.Wal.Logs;

/// <summary>What a member must not forget between two answers.</summary>
/// <param name="Term">The newest term seen.</param>
/// <param name="Vote">Whom it voted for in that term; 0 is nobody.</param>
/// <param name="Commit">An index known to be committed; may lag behind.</param>
public readonly record struct HardState(ulong Term, ulong Vote, ulong Commit)
{
    public static readonly HardState Zero = new(0, 0, 0);
}
