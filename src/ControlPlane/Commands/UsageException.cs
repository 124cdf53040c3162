namespace ControlPlane.Commands;

/// <summary>The command line asks for something that cannot be: ends the command with exit code 2 and this sentence.</summary>
internal sealed class UsageException(string message) : Exception(message);
