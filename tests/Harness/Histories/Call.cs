namespace ControlPlane.Harness.Histories;

/// <summary>One call of one client.</summary>
/// <param name="Client">A client has one call open at a time; the checkers do not rely on it.</param>
/// <param name="Key">Keys are independent: a history is linearizable when it is so for each key alone (Herlihy and Wing 1990, theorem 1).</param>
/// <param name="Request">What was asked.</param>
/// <param name="InvokedMicroseconds">When the call began, on one clock for the whole history.</param>
/// <param name="ReturnedMicroseconds">When the answer was there; <see cref="Never"/> for an unknown outcome.</param>
/// <param name="Outcome">What the client knows.</param>
public sealed record Call(int Client, string Key, Request Request, long InvokedMicroseconds, long ReturnedMicroseconds, Outcome Outcome)
{
    public const long Never = long.MaxValue;

    /// <summary>A call that got no answer, or one that does not say what happened.</summary>
    public static Call Unanswered(int client, string key, Request request, long invokedMicroseconds) =>
        new(client, key, request, invokedMicroseconds, Never, new Outcome.Unknown());

    /// <summary>Took effect, as the client knows.</summary>
    public bool IsCertain => Outcome is not (Outcome.Unknown or Outcome.Refused);

    /// <summary>Still open at the given time, as somebody would have seen it who looked then.</summary>
    public Call SeenAt(long microseconds) =>
        ReturnedMicroseconds <= microseconds ? this : this with { ReturnedMicroseconds = Never, Outcome = new Outcome.Unknown() };

    public override string ToString()
    {
        var returned = ReturnedMicroseconds == Never ? "      …      " : $"{ReturnedMicroseconds / 1e6,10:0.000000} s";
        return $"client {Client,-3} {InvokedMicroseconds / 1e6,10:0.000000} – {returned}  {Request} → {Outcome}";
    }
}
