namespace ControlPlane.Harness.Histories;

/// <summary>Makes a history that has no order small enough to be read.</summary>
internal static class Reduction
{
    /// <param name="calls">Of one key; no order explains them.</param>
    /// <returns>Some of them, still without an order, in the order of their calls.</returns>
    public static IReadOnlyList<Call> Of(IReadOnlyList<Call> calls)
    {
        var kept = ShortestPrefix(calls);
        // Large parts first: what contradicts each other is mostly close together.
        for (var size = (kept.Count + 1) / 2; size > 0; size /= 2)
        {
            for (var start = 0; start < kept.Count;)
            {
                var without = Without(kept, kept.GetRange(start, Math.Min(size, kept.Count - start)));
                if (without.Count < kept.Count && LinearizabilityChecker.IsLinearizable(without) == false) kept = without;
                else start += size;
            }
        }

        return [.. kept.Where(call => call.Outcome is not Outcome.Refused).OrderBy(call => call.InvokedMicroseconds)];
    }

    // What has an order has one at every earlier time too, so the first time without one can be found by halving.
    private static List<Call> ShortestPrefix(IReadOnlyList<Call> calls)
    {
        var times = calls.Select(call => call.ReturnedMicroseconds).Where(time => time != Call.Never).Distinct().Order().ToList();
        var (first, last) = (0, times.Count - 1);
        while (first < last)
        {
            var middle = (first + last) / 2;
            if (LinearizabilityChecker.IsLinearizable(At(calls, times[middle])) == false) last = middle;
            else first = middle + 1;
        }

        return At(calls, times[first]);
    }

    private static List<Call> At(IEnumerable<Call> calls, long time) =>
        [.. calls.Where(call => call.InvokedMicroseconds <= time).Select(call => call.SeenAt(time))];

    // Leaving a read out never spoils an order. Leaving a write out spoils none when everybody who saw its value is left out as well. Appends stay: every later read sees them.
    private static List<Call> Without(List<Call> calls, IEnumerable<Call> dropped)
    {
        var left = new HashSet<Call>(calls, ReferenceEqualityComparer.Instance);
        var toDrop = new Stack<Call>(dropped.Where(call => call.Request is not Request.Append));
        while (toDrop.TryPop(out var call))
        {
            if (!left.Remove(call) || call.Request is Request.Read || call.Outcome is Outcome.Found) continue;
            var written = RegisterSpecification.WrittenValue(call);
            foreach (var observer in left.Where(other => RegisterSpecification.SeenValue(other) is (true, var value) && value == written)) toDrop.Push(observer);
        }

        return [.. calls.Where(left.Contains)];
    }
}
