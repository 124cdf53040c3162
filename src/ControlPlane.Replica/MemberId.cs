namespace ControlPlane.Replica;

/// <summary>A member of the group as its users name it; the same number as the Raft core's <c>ReplicaId</c>, so that users of the store need not
/// know the Raft core. Never 0, never used twice in the life of a cluster.</summary>
public readonly record struct MemberId(ulong Value)
{
    public override string ToString() => Value.ToString("x");
}
