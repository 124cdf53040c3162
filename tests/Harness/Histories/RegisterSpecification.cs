namespace ControlPlane.Harness.Histories;

/// <summary>A register holds one value, or nothing at first.</summary>
internal sealed class RegisterSpecification : ISpecification
{
    private const int Nothing = 0;
    private readonly Dictionary<string, int> _numbers = [];
    private readonly Step[] _steps;

    public RegisterSpecification(IReadOnlyList<Call> calls) => _steps = [.. calls.Select(StepOf)];

    public int Initial => Nothing;

    public int Apply(int state, int call)
    {
        var step = _steps[call];
        if (step.Required is { } required && required != state) return ISpecification.Impossible;
        if (step.Excluded == state) return ISpecification.Impossible;
        return step.Written ?? state;
    }

    /// <summary>Without what explains nothing. An unknown write that nobody saw may as well not have happened: leaving it out of an order that has it changes
    /// the state only where nobody looked. Each one that stays is a candidate at every later step of the search.</summary>
    public static List<Call> Relevant(IEnumerable<Call> calls)
    {
        var kept = calls.Where(call => call.Outcome is not Outcome.Refused && (call.IsCertain || call.Request is not Request.Read)).ToList();
        while (true)
        {
            var seen = kept.Select(SeenValue).Select(value => value.Value).OfType<string>().ToHashSet();
            var seesNothing = kept.Any(call => SeenValue(call) is (true, null));
            var before = kept.Count;
            kept.RemoveAll(call => call.Outcome is Outcome.Unknown && !(WrittenValue(call) is { } value ? seen.Contains(value) : seesNothing));
            if (kept.Count == before) return kept;
        }
    }

    /// <summary>The value that must have been there for the call to end as it did.</summary>
    public static (bool IsSeen, string? Value) SeenValue(Call call) => call switch
    {
        { Outcome: Outcome.Found found } => (true, found.Value),
        { Request: Request.CompareAndSet compare } => (true, compare.Expected),
        _ => (false, null),
    };

    public static string? WrittenValue(Call call) => call.Request switch
    {
        Request.Write write => write.Value,
        Request.CompareAndSet set => set.Value,
        _ => null,
    };

    private Step StepOf(Call call) => (call.Request, call.Outcome) switch
    {
        (Request.Read, Outcome.Found found) => new(NumberOf(found.Value), null, null),
        (Request.Write write, Outcome.Done or Outcome.Unknown) => new(null, null, NumberOf(write.Value)),
        (Request.CompareAndSet set, Outcome.Done or Outcome.Unknown) => new(NumberOf(set.Expected), null, NumberOf(set.Value)),
        (Request.CompareAndSet set, Outcome.Found found) => new(NumberOf(found.Value), NumberOf(set.Expected), null),
        _ => throw new ArgumentException($"not an call of a register: {call}"),
    };

    private int NumberOf(string? value)
    {
        if (value is null) return Nothing;
        if (_numbers.TryGetValue(value, out var number)) return number;
        _numbers.Add(value, _numbers.Count + 1);
        return _numbers.Count;
    }

    /// <param name="Required">The state there must be; null: any.</param>
    /// <param name="Excluded">A state there must not be.</param>
    /// <param name="Written">The state afterwards; null: unchanged.</param>
    private readonly record struct Step(int? Required, int? Excluded, int? Written);
}
