using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>What an operator wants changed, as members hand it to their leader.</summary>
internal abstract record MembershipRequest
{
    /// <param name="Name">Null while it is not known.</param>
    public sealed record AddLearner(string? Name, string PeerAddress) : MembershipRequest;

    public sealed record Promote(ReplicaId Member) : MembershipRequest;

    public sealed record Remove(ReplicaId Member) : MembershipRequest;

    public sealed record UpdateAddress(ReplicaId Member, string PeerAddress) : MembershipRequest;

    /// <param name="Target">Null: the most advanced voter.</param>
    public sealed record MoveLeader(ReplicaId? Target) : MembershipRequest;
}
