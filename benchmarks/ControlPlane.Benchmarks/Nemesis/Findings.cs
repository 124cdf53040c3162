using ControlPlane.Harness.Histories;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>Judges a finished run. Pure: what the clients saw goes in, broken promises come out.</summary>
internal static class Findings
{
    /// <summary>Every acknowledged change is in the history that the watchers were shown, with the revision and value that was acknowledged.</summary>
    public static IEnumerable<string> LostWrites(IEnumerable<KeyChange> acknowledged, ChangeHistory history)
    {
        var lost = acknowledged.Where(change => !history.TryGet(change.Revision, change.Key, out var value) || value != change.Value).ToList();
        if (lost.Count > 0) yield return $"{lost.Count} acknowledged writes are lost, the first ones:\n{string.Concat(lost.OrderBy(change => change.Revision).Take(5).Select(change => $"  {change}\n"))}";
    }

    /// <summary>What all watchers together were told; contradictions between them are promises broken.</summary>
    public static (ChangeHistory History, IReadOnlyList<string> Contradictions) Merge(IEnumerable<WatchRecord> watches)
    {
        var history = new ChangeHistory();
        var contradictions = new List<string>();
        foreach (var watch in watches)
        {
            foreach (var receipt in watch.Receipts.OfType<Receipt.Changed>())
            {
                if (history.Add(receipt.Change) is { } contradiction) contradictions.Add($"watcher {watch.Name}: {contradiction}");
            }
        }

        return (history, contradictions);
    }

    public static IEnumerable<string> Watches(IEnumerable<WatchRecord> watches, ChangeHistory history, long compactedRevision) =>
        watches.Select(watch => WatchChecker.Check(watch, history, compactedRevision)).OfType<string>();

    public static IEnumerable<string> Calls(IEnumerable<Call> calls)
    {
        var verdict = LinearizabilityChecker.Check(calls);
        if (verdict is not Verdict.Linearizable) yield return verdict.ToString()!;
    }
}
