namespace ControlPlane.Store;

/// <summary>What another store made of one key in one revision.</summary>
/// <param name="Key">The key.</param>
/// <param name="Current">The record as the other store keeps it; null when the key was deleted.</param>
public readonly record struct AdoptedChange(ReadOnlyMemory<byte> Key, Record? Current);
