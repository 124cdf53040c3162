namespace ControlPlane.Harness.Histories;

/// <summary>A list grows at its end. The longest list anybody saw tells the order of its elements, so that the state is a length and the search has nothing to guess
/// (the idea of Elle, Kingsbury and Alvaro 2020: let the data name its order).</summary>
internal sealed class ListSpecification : ISpecification
{
    private readonly IReadOnlyList<string> _order;
    private readonly Step[] _steps;

    public ListSpecification(IReadOnlyList<Call> calls)
    {
        _order = calls.Select(call => call.Outcome).OfType<Outcome.Listed>().MaxBy(listed => listed.Elements.Count)?.Elements ?? [];
        var positions = new Dictionary<string, int>();
        for (var position = 0; position < _order.Count; position++) positions.TryAdd(_order[position], position);
        _steps = [.. calls.Select(call => StepOf(call, positions))];
    }

    public int Initial => 0;

    // Beyond the longest list that was seen, order does not matter: no read comes after. One state stands for all of them.
    private int Beyond => _order.Count + 1;

    public int Apply(int state, int call)
    {
        var step = _steps[call];
        return step.IsAppend
            ? step.Length == Beyond ? (state >= _order.Count ? Beyond : ISpecification.Impossible) : (state == step.Length - 1 ? step.Length : ISpecification.Impossible)
            : state == step.Length ? state : ISpecification.Impossible;
    }

    /// <summary>Without what explains nothing: refused calls, reads without answer, and appends of unknown outcome that nobody saw.</summary>
    public static List<Call> Relevant(IReadOnlyCollection<Call> calls)
    {
        var seen = calls.Select(call => call.Outcome).OfType<Outcome.Listed>().SelectMany(listed => listed.Elements).ToHashSet();
        return [.. calls.Where(call => call.IsCertain || (call.Outcome is Outcome.Unknown && call.Request is Request.Append append && seen.Contains(append.Element)))];
    }

    private Step StepOf(Call call, Dictionary<string, int> positions) => (call.Request, call.Outcome) switch
    {
        (Request.Append append, Outcome.Done or Outcome.Unknown) => new(true, positions.TryGetValue(append.Element, out var position) ? position + 1 : Beyond),
        (Request.Read, Outcome.Listed listed) => new(false, IsPrefix(listed.Elements) ? listed.Elements.Count : ISpecification.Impossible),
        _ => throw new ArgumentException($"not an call of a list: {call}"),
    };

    private bool IsPrefix(IReadOnlyList<string> elements)
    {
        for (var position = 0; position < elements.Count; position++)
        {
            if (elements[position] != _order[position]) return false;
        }

        return true;
    }

    /// <param name="IsAppend">Otherwise a read.</param>
    /// <param name="Length">After the append, or as read.</param>
    private readonly record struct Step(bool IsAppend, int Length);
}
