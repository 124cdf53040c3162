namespace ControlPlane.Harness.Histories;

/// <summary>What a watcher was told, or did, in the order it happened.</summary>
public abstract record Receipt
{
    private Receipt()
    {
    }

    public sealed record Changed(KeyChange Change) : Receipt;

    /// <summary>"You have everything up to this revision."</summary>
    public sealed record Progress(long Revision) : Receipt;

    /// <summary>The watcher lost its stream and asked again, from this revision.</summary>
    public sealed record Resumed(long FromRevision) : Receipt;

    /// <summary>"What you want is gone; the oldest that can be had is this." The watcher goes on with <see cref="Resumed"/>.</summary>
    public sealed record Compacted(long FloorRevision) : Receipt;
}
