namespace ControlPlane.Wal.Logs;

/// <summary>How the log lays out its files.</summary>
public sealed record LogOptions
{
    /// <summary>Size of a new segment. 16 MiB: half a second of writes at 30 MB/s, and a first start that does not take 64 MiB for a laptop's trial.</summary>
    public long SegmentBytes { get; init; } = 16L << 20;

    /// <summary>Emptied segments kept for the next roll, so that a sync writes into blocks the file already owns.</summary>
    public int SpareSegmentsMax { get; init; } = 2;
}
