namespace ControlPlane.Wal.Logs;

/// <summary>An entry's place: index and term, which together name its content.</summary>
public readonly record struct LogPoint(ulong Index, ulong Term)
{
    /// <summary>Before the first entry.</summary>
    public static readonly LogPoint Zero = new(0, 0);

    public override string ToString() => $"{Index} (term {Term})";
}
