using ControlPlane.Raft;

namespace ControlPlane.Replica.Turns;

/// <summary>When this member last heard each of the others, in ticks of its own, and what they said about themselves.</summary>
internal sealed class PeerContacts(ReplicaId self, Introduction? own)
{
    private readonly Dictionary<ReplicaId, long> _heardAtTick = [];
    private readonly Dictionary<ReplicaId, Introduction> _introductions = own is null ? [] : new() { [self] = own };

    public IReadOnlyDictionary<ReplicaId, Introduction> Introductions => _introductions;

    public void Heard(ReplicaId peer, long nowTick) => _heardAtTick[peer] = nowTick;

    public void Introduced(ReplicaId peer, Introduction introduction) => _introductions[peer] = introduction;

    /// <summary>Ticks since anything came from it; since the start when nothing ever did. 0 for this member.</summary>
    public long SilentTicks(ReplicaId peer, long nowTick) => peer == self ? 0 : nowTick - _heardAtTick.GetValueOrDefault(peer);
}
