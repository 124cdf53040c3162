using ControlPlane.Store.Watches;

namespace ControlPlane.Store;

/// <summary>The store at one revision: immutable, safe to read from any thread while newer revisions are written.</summary>
public sealed class StoreView
{
    /// <summary>The revision this view shows.</summary>
    public Revision Revision => throw new NotImplementedException();

    /// <summary>History at and below this revision is gone.</summary>
    public Revision Floor => throw new NotImplementedException();

    /// <summary>The record of <paramref name="key"/>, or null.</summary>
    public Record? Get(ReadOnlySpan<byte> key) => throw new NotImplementedException();

    /// <summary>Records with <c>start ≤ key &lt; end</c> in key order, lazily; <paramref name="end"/> null means "to the last key".</summary>
    public IEnumerable<Record> Range(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) => throw new NotImplementedException();

    /// <summary>How many keys lie in [start, end).</summary>
    public long Count(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end) => throw new NotImplementedException();

    /// <summary>The store as it was at <paramref name="revision"/>; null when that is at or below <see cref="Floor"/> history or above <see cref="Revision"/>.</summary>
    public StoreView? At(Revision revision) => throw new NotImplementedException();

    /// <summary>Changes after <paramref name="after"/>, up to this view's revision, at least one whole revision and about <paramref name="limit"/> changes.</summary>
    public ChangesOutcome ReadChanges(Revision after, int limit) => throw new NotImplementedException();
}
