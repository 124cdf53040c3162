namespace ControlPlane.Store.Watches;

/// <summary>What one revision did to one key.</summary>
/// <param name="Revision">The revision that made the change.</param>
/// <param name="Key">The key.</param>
/// <param name="Current">The record after the change; null when the key was deleted.</param>
/// <param name="Previous">The record before the change; null when the key was created.</param>
public sealed record Change(Revision Revision, ReadOnlyMemory<byte> Key, Record? Current, Record? Previous);

/// <summary>Answer of <see cref="StoreView.ReadChanges"/>.</summary>
public abstract record ChangesOutcome
{
    /// <summary>All changes with <c>after &lt; revision ≤ Through</c>, in order, whole revisions only; may be empty.</summary>
    public sealed record Read(IReadOnlyList<Change> Changes, Revision Through) : ChangesOutcome;

    /// <summary>History up to and including <paramref name="Floor"/> is gone; read a snapshot and go on from its revision.</summary>
    public sealed record Compacted(Revision Floor) : ChangesOutcome;
}
