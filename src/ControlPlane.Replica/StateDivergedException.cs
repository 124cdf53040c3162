namespace ControlPlane.Replica;

/// <summary>This member's state is not the majority's: its memory or disk is damaged, or its program applies entries differently. It must not answer any more.</summary>
public sealed class StateDivergedException(string message) : Exception(message);
