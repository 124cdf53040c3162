namespace ControlPlane.Raft.Elections;

/// <summary>Leadership on its way to <paramref name="target"/>: proposals wait until it has arrived or is given up after an election timeout.</summary>
internal sealed class HandOver(ReplicaId target, int timeoutTicks)
{
    private int _elapsed;

    public ReplicaId Target { get; } = target;

    /// <summary>A target that has not taken over by now will not.</summary>
    public bool IsOver => _elapsed >= timeoutTicks;

    public void Tick() => _elapsed++;
}
