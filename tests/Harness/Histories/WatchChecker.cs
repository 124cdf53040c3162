namespace ControlPlane.Harness.Histories;

/// <summary>Decides whether a watcher was told the truth, the whole truth, in order and once.</summary>
/// <remarks>Pure. Changes of one revision may come in any order among themselves.</remarks>
public static class WatchChecker
{
    /// <param name="watch">The watcher.</param>
    /// <param name="history">All changes; the checker takes them as true.</param>
    /// <param name="compactedRevision">The highest revision ever compacted; 0: none was.</param>
    /// <returns>Null when every promise was kept, else the first that was not, with the watcher's name.</returns>
    public static string? Check(WatchRecord watch, ChangeHistory history, long compactedRevision = 0)
    {
        var promise = new Walk(watch, history, compactedRevision).Run();
        return promise is null ? null : $"watcher {watch.Name} ({(watch.KeyPrefix.Length == 0 ? "all keys" : watch.KeyPrefix + "…")} from revision {watch.FromRevision}): {promise}";
    }

    private sealed class Walk
    {
        private readonly WatchRecord _watch;
        private readonly ChangeHistory _history;
        private readonly List<KeyChange> _expected;
        private readonly HashSet<KeyChange> _seen = [];
        private readonly long _compactedRevision;
        private int _position;
        private long _lastRevision;
        private long _asked;

        public Walk(WatchRecord watch, ChangeHistory history, long compactedRevision)
        {
            (_watch, _history, _compactedRevision) = (watch, history, compactedRevision);
            _expected = [.. history.Changes.Where(change => change.Key.StartsWith(watch.KeyPrefix, StringComparison.Ordinal))];
            Seek(watch.FromRevision);
        }

        public string? Run()
        {
            for (var at = 0; at < _watch.Receipts.Count; at++)
            {
                var broken = _watch.Receipts[at] switch
                {
                    Receipt.Changed => TakeRevision(ref at),
                    Receipt.Progress(var revision) => ReachedThrough(revision, $"told at progress {revision} that it has everything"),
                    Receipt.Resumed(var revision) => Resume(revision),
                    Receipt.Compacted(var floor) => Excuse(floor),
                    _ => throw new InvalidOperationException($"not a receipt: {_watch.Receipts[at]}"),
                };
                if (broken is not null) return broken;
            }

            return _watch.ThroughRevision is { } through ? ReachedThrough(through, $"ended at revision {through}") : null;
        }

        // All changes of one revision that came without anything between them.
        private string? TakeRevision(ref int at)
        {
            var revision = ((Receipt.Changed)_watch.Receipts[at]).Change.Revision;
            var changes = new List<KeyChange>();
            for (; at < _watch.Receipts.Count && _watch.Receipts[at] is Receipt.Changed(var change) && change.Revision == revision; at++) changes.Add(change);
            at--;
            foreach (var change in changes.OrderBy(change => change.Key, StringComparer.Ordinal))
            {
                if (Take(change) is { } broken) return broken;
            }

            _lastRevision = revision;
            return null;
        }

        private string? Take(KeyChange change)
        {
            if (_position < _expected.Count && _expected[_position] == change)
            {
                _position++;
                _seen.Add(change);
                return null;
            }

            if (!change.Key.StartsWith(_watch.KeyPrefix, StringComparison.Ordinal)) return $"told of a key it did not ask for: {change}";
            if (!_history.TryGet(change.Revision, change.Key, out var value)) return $"told of what never happened: {change}";
            if (value != change.Value) return $"told another value: {change}, it was {Text.Of(value)}";
            if (change.Revision < _asked) return $"told of what was before revision {_asked}, which it asked for: {change}";
            if (change.Revision < _lastRevision) return $"revisions went back from {_lastRevision}: {change}";
            return _seen.Contains(change) ? $"told twice: {change}" : $"a gap: {change} came before {_expected[_position]}";
        }

        private string? ReachedThrough(long revision, string when) =>
            _position < _expected.Count && _expected[_position].Revision <= revision ? $"{when}, but never told of {_expected[_position]}" : null;

        private string? Resume(long revision)
        {
            if (_position < _expected.Count && _expected[_position].Revision < revision) return $"resumed at revision {revision} without having been told of {_expected[_position]}";
            Seek(revision);
            return null;
        }

        private string? Excuse(long floor)
        {
            if (floor > _compactedRevision) return $"told that {floor} is the oldest revision left, but only {_compactedRevision} was ever compacted";
            if (_asked >= floor) return $"told that {floor} is the oldest revision left, after asking for {_asked}";
            Seek(floor);
            return null;
        }

        private void Seek(long revision)
        {
            // What is asked for again may come again.
            _asked = revision;
            _lastRevision = 0;
            while (_position > 0 && _expected[_position - 1].Revision >= revision) _position--;
            while (_position < _expected.Count && _expected[_position].Revision < revision) _position++;
        }
    }
}
