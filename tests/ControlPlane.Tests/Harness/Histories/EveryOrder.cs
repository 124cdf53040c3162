using ControlPlane.Harness.Histories;

namespace ControlPlane.Tests.Harness.Histories;

/// <summary>The plain twin of the checker: tries every order of every choice of the unknown calls. For seven calls at most.</summary>
internal static class EveryOrder
{
    public static bool Explains(IReadOnlyList<Call> calls) => Explains([.. calls.Where(call => call.Outcome is not Outcome.Refused)], []);

    private static bool Explains(List<Call> left, IReadOnlyList<string?> state)
    {
        if (left.All(call => !call.IsCertain)) return true;
        foreach (var call in left)
        {
            if (left.Any(other => other.IsCertain && other.ReturnedMicroseconds < call.InvokedMicroseconds)) continue;
            if (After(call, state) is { } after && Explains([.. left.Where(other => !ReferenceEquals(other, call))], after)) return true;
        }

        return false;
    }

    // A register is a list of one element.
    private static IReadOnlyList<string?>? After(Call call, IReadOnlyList<string?> state)
    {
        var value = state.Count == 0 ? null : state[0];
        return (call.Request, call.Outcome) switch
        {
            (Request.Append append, _) => [.. state, append.Element],
            (Request.Read, Outcome.Listed listed) => state.SequenceEqual(listed.Elements) ? state : null,
            (Request.Read, Outcome.Found found) => found.Value == value ? state : null,
            (Request.Read, _) => state,
            (Request.Write write, _) => [write.Value],
            (Request.CompareAndSet set, Outcome.Found found) => found.Value == value && set.Expected != value ? state : null,
            (Request.CompareAndSet set, _) => set.Expected == value ? [set.Value] : null,
            _ => throw new ArgumentException($"{call}"),
        };
    }
}
