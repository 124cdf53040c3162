namespace ControlPlane;

/// <summary>Ends a command with exit code 1 and this sentence on standard error: what was wrong and what to do.</summary>
internal sealed class CommandException(string message) : Exception(message);
