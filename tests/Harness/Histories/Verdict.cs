namespace ControlPlane.Harness.Histories;

/// <summary>What a check found.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    public sealed record Linearizable(int KeyCount, int CallCount) : Verdict
    {
        public override string ToString() => $"linearizable: {CallCount} calls on {KeyCount} keys";
    }

    /// <param name="Key">The first key, by name, that has no order.</param>
    /// <param name="Calls">Few that have none: what could be left out without finding one was left out.</param>
    public sealed record NotLinearizable(string Key, IReadOnlyList<Call> Calls) : Verdict
    {
        public override string ToString() =>
            $"key {Key} is not linearizable: no order of these {Calls.Count} calls explains what they saw\n" +
            string.Concat(Calls.Select(call => $"  {call}\n"));
    }

    /// <summary>The search was given up: too many calls overlap.</summary>
    public sealed record Undecided(string Key, int CallCount, int ConfigurationCountMax) : Verdict
    {
        public override string ToString() => $"key {Key}: undecided after {ConfigurationCountMax} configurations of {CallCount} calls; give each key fewer clients or a shorter life";
    }
}
