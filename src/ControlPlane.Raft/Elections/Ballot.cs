using ControlPlane.Raft.Membership;

namespace ControlPlane.Raft.Elections;

/// <summary>The answers to one election or pre-election.</summary>
internal sealed class Ballot
{
    private readonly Dictionary<ReplicaId, bool> _votes = [];

    public void Record(ReplicaId voter, bool granted) => _votes.TryAdd(voter, granted);

    public Verdict Count(Configuration configuration) =>
        Quorum.Decide(configuration, voter => _votes.TryGetValue(voter, out var granted) ? granted : null);
}
