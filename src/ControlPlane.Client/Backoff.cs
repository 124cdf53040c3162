namespace ControlPlane.Client;

/// <summary>How long to wait before trying again: doubles from a base up to a cap, spread by jitter so that many clients do not return at once.</summary>
/// <param name="Base">The first delay.</param>
/// <param name="Cap">No delay is longer, jitter included.</param>
/// <param name="Jitter">0 … 1: the share of a delay that is left to chance.</param>
public sealed record Backoff(TimeSpan Base, TimeSpan Cap, double Jitter)
{
    /// <summary>For lost connections and lists that failed: soon enough to hide a leader change, rare enough not to hammer a server that is down.</summary>
    public static readonly Backoff Connections = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(15), 0.5);

    /// <summary>For one object whose work failed: the first retry hides a write conflict, the cap bounds the load of what can never succeed.</summary>
    public static readonly Backoff Work = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMinutes(5), 0.1);

    /// <summary>The delay before attempt <paramref name="failures"/> + 1.</summary>
    /// <param name="failures">How often it failed in a row, ≥ 1.</param>
    /// <param name="chance">0 … 1, drawn by the caller.</param>
    public TimeSpan After(int failures, double chance)
    {
        Invariant.That(failures >= 1 && chance is >= 0 and <= 1);
        // 2^30 times any base is past any cap; the shift must not overflow before the cap is seen.
        var full = Math.Min(Base.Ticks * Math.Pow(2, Math.Min(failures - 1, 30)), Cap.Ticks);
        return TimeSpan.FromTicks((long)(full * (1 - Jitter + Jitter * chance)));
    }
}
