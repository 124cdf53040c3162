namespace ControlPlane.Wal.Storage;

/// <summary>What is on the disk is not what was written, or no longer there, although it had been acknowledged. Nothing was changed; the
/// member must not take part until somebody has read this.</summary>
public sealed class DamagedException(string file, long offset, string problem, string advice)
    : Exception($"{file}, offset {offset}: {problem}. {advice}")
{
    /// <summary>The file's full path.</summary>
    public string File { get; } = file;

    /// <summary>Where in the file, in bytes.</summary>
    public long Offset { get; } = offset;

    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;

    /// <summary>What an operator can do about it.</summary>
    public string Advice { get; } = advice;
}
