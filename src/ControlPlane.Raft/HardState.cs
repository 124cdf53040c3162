namespace ControlPlane.Raft;

/// <summary>What a member must never forget.</summary>
/// <param name="Term">The newest term it has seen.</param>
/// <param name="Vote">Whom it voted for in that term, or null.</param>
public readonly record struct HardState(Term Term, ReplicaId? Vote)
{
    public static readonly HardState Initial = new(Term.Zero, null);
}
