namespace ControlPlane.Harness.Histories;

/// <summary>Looks for an order of one key's calls that keeps real time and that the specification allows.</summary>
/// <remarks>Wing and Gong 1993 with the memory of Lowe 2017: depth first over "which open call takes effect next", never twice from the same set of calls
/// and the same state. Iterative, so that a long history needs no deep stack. A set is remembered as the sum (xor) of one random 128-bit word for each call; two
/// sets with one sum would make the search miss an order, with a chance below 2⁻⁸⁰ for the million configurations it visits at most.</remarks>
internal sealed class OrderSearch
{
    private const int Head = 0;
    private readonly IReadOnlyList<Call> _calls;
    private readonly ISpecification _specification;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly HashSet<(UInt128 Taken, int State)> _visited = [];
    private readonly Stack<(int Call, int State)> _taken = [];
    private int _openReturns;

    public OrderSearch(IReadOnlyList<Call> calls, ISpecification specification)
    {
        (_calls, _specification) = (calls, specification);
        _next = new int[(2 * calls.Count) + 2];
        _previous = new int[(2 * calls.Count) + 2];
        Link();
    }

    /// <returns>Whether there is an order; null: given up after that many configurations.</returns>
    public bool? Run(int configurationCountMax)
    {
        var state = _specification.Initial;
        UInt128 sum = 0;
        var node = _next[Head];
        while (_openReturns > 0)
        {
            if (node == Head || IsReturn(node))
            {
                // The call of this answer must take effect before anything that begins later, and it cannot: undo the last step and try the next call.
                if (!_taken.TryPop(out var last)) return false;
                (node, state) = (InvocationOf(last.Call), last.State);
                sum ^= WordOf(last.Call);
                PutBack(last.Call);
                node = _next[node];
                continue;
            }

            var call = CallAt(node);
            var after = _specification.Apply(state, call);
            if (after == ISpecification.Impossible || !_visited.Add((sum ^ WordOf(call), after)))
            {
                node = _next[node];
                continue;
            }

            if (_visited.Count > configurationCountMax) return null;
            _taken.Push((call, state));
            sum ^= WordOf(call);
            TakeOut(call);
            state = after;
            node = _next[Head];
        }

        return true;
    }

    private static int InvocationOf(int call) => (2 * call) + 1;

    private static int ReturnOf(int call) => (2 * call) + 2;

    private static bool IsReturn(int node) => node % 2 == 0;

    private static int CallAt(int node) => (node - 1) / 2;

    private static UInt128 WordOf(int call) => new(Mix((2 * (ulong)call) + 1), Mix((2 * (ulong)call) + 2));

    private static ulong Mix(ulong value)
    {
        value *= 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    private bool Returns(int call) => _calls[call].IsCertain && _calls[call].ReturnedMicroseconds != Call.Never;

    private long TimeOf(int node) => IsReturn(node) ? _calls[CallAt(node)].ReturnedMicroseconds : _calls[CallAt(node)].InvokedMicroseconds;

    // Calls and answers in the order of time, in a ring around Head; at one time calls come first, so that what may have overlapped overlaps.
    private void Link()
    {
        var nodes = new List<int>(2 * _calls.Count);
        for (var call = 0; call < _calls.Count; call++)
        {
            nodes.Add(InvocationOf(call));
            if (!Returns(call)) continue;
            nodes.Add(ReturnOf(call));
            _openReturns++;
        }

        nodes.Sort((left, right) => TimeOf(left) != TimeOf(right) ? TimeOf(left).CompareTo(TimeOf(right)) : IsReturn(left) != IsReturn(right) ? IsReturn(left).CompareTo(IsReturn(right)) : left.CompareTo(right));
        var last = Head;
        foreach (var node in nodes)
        {
            (_next[last], _previous[node]) = (node, last);
            last = node;
        }

        (_next[last], _previous[Head]) = (Head, last);
    }

    private void TakeOut(int call)
    {
        Unlink(InvocationOf(call));
        if (!Returns(call)) return;
        Unlink(ReturnOf(call));
        _openReturns--;
    }

    // In the reverse order of TakeOut: each node still knows its neighbours of then.
    private void PutBack(int call)
    {
        if (Returns(call))
        {
            Relink(ReturnOf(call));
            _openReturns++;
        }

        Relink(InvocationOf(call));
    }

    private void Unlink(int node)
    {
        _next[_previous[node]] = _next[node];
        _previous[_next[node]] = _previous[node];
    }

    private void Relink(int node)
    {
        _next[_previous[node]] = node;
        _previous[_next[node]] = node;
    }
}
