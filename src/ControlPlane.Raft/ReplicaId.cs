namespace ControlPlane.Raft;

/// <summary>A member of the Raft group. Never 0, never used twice in the life of a cluster.</summary>
public readonly record struct ReplicaId(ulong Value) : IComparable<ReplicaId>
{
    public int CompareTo(ReplicaId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString("x");
}
