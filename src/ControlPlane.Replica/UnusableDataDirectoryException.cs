namespace ControlPlane.Replica;

/// <summary>A member cannot start on the data directory: it is another member's, another process works in it, it is full or damaged. Nothing
/// in it was changed; the message says which it is and what an operator can do.</summary>
public sealed class UnusableDataDirectoryException(string message, Exception? inner = null) : Exception(message, inner);
