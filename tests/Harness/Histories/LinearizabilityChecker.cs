namespace ControlPlane.Harness.Histories;

/// <summary>Decides whether a history could have been produced by one copy of the data that does one thing at a time.</summary>
/// <remarks>Pure. Each key is checked alone, so the cost grows with the number of calls that overlap on one key, not with the length of the run: give keys few clients
/// and short lives.</remarks>
public static class LinearizabilityChecker
{
    // A million configurations are about 60 MB and a second; a key that needs more has too many clients to be judged at all.
    private const int ConfigurationCountMax = 4_000_000;

    public static Verdict Check(IEnumerable<Call> history)
    {
        var keyCount = 0;
        var callCount = 0;
        foreach (var key in history.GroupBy(call => call.Key).OrderBy(key => key.Key, StringComparer.Ordinal))
        {
            var calls = key.ToList();
            switch (IsLinearizable(calls))
            {
                case null: return new Verdict.Undecided(key.Key, calls.Count, ConfigurationCountMax);
                case false: return new Verdict.NotLinearizable(key.Key, Reduction.Of(calls));
            }

            keyCount++;
            callCount += calls.Count;
        }

        return new Verdict.Linearizable(keyCount, callCount);
    }

    /// <summary>For calls of one key; null: given up.</summary>
    internal static bool? IsLinearizable(IReadOnlyCollection<Call> calls)
    {
        if (IsList(calls))
        {
            var relevant = ListSpecification.Relevant(calls);
            return new OrderSearch(relevant, new ListSpecification(relevant)).Run(ConfigurationCountMax);
        }
        else
        {
            var relevant = RegisterSpecification.Relevant(calls);
            return new OrderSearch(relevant, new RegisterSpecification(relevant)).Run(ConfigurationCountMax);
        }
    }

    internal static bool IsList(IEnumerable<Call> calls) => calls.Any(call => call.Request is Request.Append || call.Outcome is Outcome.Listed);
}
