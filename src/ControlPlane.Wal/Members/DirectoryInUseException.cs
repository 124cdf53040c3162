namespace ControlPlane.Wal.Members;

/// <summary>Another process works in the data directory.</summary>
public sealed class DirectoryInUseException(string directory, int? holder, Exception inner) : Exception(
    $"the data directory {directory} is in use by {(holder is { } id ? $"process {id}" : "another process")}; stop it, or choose another directory with --data",
    inner)
{
    /// <summary>The process that holds it, where known.</summary>
    public int? Holder { get; } = holder;
}
