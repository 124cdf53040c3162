namespace ControlPlane.Harness.Histories;

/// <summary>All changes there ever were, by revision and key.</summary>
public sealed class ChangeHistory
{
    private readonly SortedDictionary<long, SortedDictionary<string, string?>> _revisions = [];

    public IEnumerable<KeyChange> Changes => _revisions.SelectMany(revision => revision.Value.Select(change => new KeyChange(revision.Key, change.Key, change.Value)));

    public long LastRevision => _revisions.Count == 0 ? 0 : _revisions.Keys.Last();

    /// <summary>Adds what one source says; sources may overlap.</summary>
    /// <returns>Null, or how it contradicts what another source said.</returns>
    public string? Add(KeyChange change)
    {
        if (!_revisions.TryGetValue(change.Revision, out var keys)) _revisions.Add(change.Revision, keys = new(StringComparer.Ordinal));
        if (keys.TryAdd(change.Key, change.Value)) return null;
        return keys[change.Key] == change.Value ? null : $"two histories: {change}, but {Text.Of(keys[change.Key])} elsewhere";
    }

    public bool TryGet(long revision, string key, out string? value)
    {
        value = null;
        return _revisions.TryGetValue(revision, out var keys) && keys.TryGetValue(key, out value);
    }
}
