namespace ControlPlane.Wal.Logs;

/// <summary>One entry of the replicated log, as the disk knows it.</summary>
/// <param name="Index">1 for the first entry ever.</param>
/// <param name="Term">The term it was proposed in.</param>
/// <param name="Kind">The owner's own word; the log does not look at it.</param>
/// <param name="Payload">The owner's bytes. Read back they are a slice of a larger buffer that nobody writes to.</param>
public readonly record struct LogEntry(ulong Index, ulong Term, byte Kind, ReadOnlyMemory<byte> Payload);
