namespace ControlPlane.Replica.Peers;

/// <summary>The other side does not want this connection.</summary>
internal sealed class RefusedException(Refusal refusal, string message) : IOException(message)
{
    public Refusal Refusal { get; } = refusal;

    /// <summary>Trying again cannot help: this member has no place in the group as it is.</summary>
    public bool IsFinal => Refusal is Refusal.Removed or Refusal.DataGone or Refusal.ProgramTooOld;
}
