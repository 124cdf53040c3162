using System.Collections.Immutable;
using System.Numerics;
using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Scheduler.Columns;

/// <summary>The nodes as columns: one row a node, one column a resource. Rows of removed nodes are used again, the lowest first, so that
/// placements depend on the order of events and on nothing else. One caller.</summary>
public sealed class NodeTable
{
    // A row that is not a node has less than nothing of this, and is never chosen.
    private const long Absent = long.MinValue / 4;

    /// <summary>How the columns of host ports are named, such as <c>hostPort/TCP/80</c>: every node has one of each, without saying so. Names of
    /// resources have one slash at most, so nobody else can mean such a column.</summary>
    public const string HostPortPrefix = "hostPort/";

    // Left-overs are compared at about this many bits a dimension: fine enough to tell nodes apart, small enough that no sum overflows.
    private const int ScoreBits = 24;

    private readonly Dictionary<string, int> _resources = [];
    private readonly List<string> _resourceNames = [];
    private readonly List<long> _allocatableMax = [];
    private readonly List<bool> _isHostPort = [];
    private readonly Dictionary<string, int> _rowOf = [];
    private readonly PriorityQueue<int, int> _holes = new();
    private readonly List<int> _factChanges = [];
    private long[][] _free = [];
    private long[][] _allocatable = [];
    private NodeFacts?[] _facts = [];

    public NodeTable()
    {
        foreach (var name in new[] { "cpu", "memory", "pods" }) ResourceId(name);
    }

    /// <summary>Rows in use, holes among them included.</summary>
    public int RowCount { get; private set; }

    public int NodeCount => _rowOf.Count;

    public int ResourceCount => _resourceNames.Count;

    /// <summary>Raised by one whenever a row's facts change, a node comes or goes. <see cref="ChangedSince"/> tells the rows.</summary>
    public int FactsVersion => _factsVersionBase + _factChanges.Count;

    private int _factsVersionBase;

    /// <summary>The column of a resource; a new one the first time it is named: all zero, or one for every node if it is a host port.</summary>
    public int ResourceId(string name)
    {
        if (_resources.TryGetValue(name, out var id)) return id;
        id = _resourceNames.Count;
        _resources.Add(name, id);
        _resourceNames.Add(name);
        var isHostPort = name.StartsWith(HostPortPrefix, StringComparison.Ordinal);
        _isHostPort.Add(isHostPort);
        _allocatableMax.Add(isHostPort ? 1 : 0);
        _free = [.. _free, NewColumn(name)];
        _allocatable = [.. _allocatable, new long[_facts.Length]];
        if (isHostPort)
        {
            Array.Fill(_free[id], 1);
            Array.Fill(_allocatable[id], 1);
        }

        return id;
    }

    public string ResourceName(int resource) => _resourceNames[resource];

    /// <summary>Whether the column is a host port.</summary>
    public bool IsHostPort(int resource) => _isHostPort[resource];

    /// <summary>The row of a node, or <see cref="BestFit.None"/>.</summary>
    public int RowOf(string nodeName) => _rowOf.TryGetValue(nodeName, out var row) ? row : BestFit.None;

    /// <summary>The facts of a row; null for a hole.</summary>
    public NodeFacts? FactsOf(int row) => _facts[row];

    public long FreeOf(int row, int resource) => _free[resource][row];

    /// <summary>The free amounts of a resource, at least <see cref="RowCount"/> rounded up to a block long. Owned by the table; valid until the next change.</summary>
    internal long[] FreeColumn(int resource) => _free[resource];

    /// <summary>The shift that makes left-overs of this resource comparable with those of others.</summary>
    internal int ScaleOf(int resource) => ScoreBits - (64 - BitOperations.LeadingZeroCount((ulong)_allocatableMax[resource]));

    /// <summary>Adds a node or changes what is known of it. What its pods hold stays taken.</summary>
    /// <param name="allocatable">Amount by resource; resources not named are zero.</param>
    /// <returns>Its row.</returns>
    public int Set(NodeFacts facts, IEnumerable<ResourceAmount> allocatable)
    {
        var isNew = !_rowOf.TryGetValue(facts.Name, out var row);
        if (isNew)
        {
            row = _holes.TryDequeue(out var hole, out _) ? hole : RowCount++;
            EnsureRows(RowCount);
            _rowOf.Add(facts.Name, row);
            for (var resource = 0; resource < ResourceCount; resource++) (_free[resource][row], _allocatable[resource][row]) = (0, 0);
        }

        if (isNew || !facts.Equals(_facts[row]))
        {
            _facts[row] = facts;
            _factChanges.Add(row);
        }

        // Not on the stack: how many ports and resources pods name is up to their authors.
        var wanted = new long[ResourceCount];
        foreach (var amount in allocatable) wanted[amount.Resource] = amount.Amount;
        for (var resource = 0; resource < wanted.Length; resource++)
        {
            if (_isHostPort[resource]) wanted[resource] = 1;
            _free[resource][row] += wanted[resource] - _allocatable[resource][row];
            _allocatable[resource][row] = wanted[resource];
            _allocatableMax[resource] = Math.Max(_allocatableMax[resource], wanted[resource]);
        }

        return row;
    }

    /// <summary>Removes a node with everything its pods held. Unknown names are ignored.</summary>
    public void Remove(string nodeName)
    {
        if (!_rowOf.Remove(nodeName, out var row)) return;
        _facts[row] = null;
        _factChanges.Add(row);
        _holes.Enqueue(row, row);
        for (var resource = 0; resource < ResourceCount; resource++) _free[resource][row] = 0;
        _free[_resources["pods"]][row] = Absent;
    }

    /// <summary>A pod takes its requests from a row.</summary>
    public void Take(int row, ImmutableArray<ResourceAmount> requests)
    {
        foreach (var request in requests) _free[request.Resource][row] -= request.Amount;
    }

    /// <summary>A pod gives its requests back.</summary>
    public void Give(int row, ImmutableArray<ResourceAmount> requests)
    {
        foreach (var request in requests) _free[request.Resource][row] += request.Amount;
    }

    /// <summary>Rows whose facts changed after <paramref name="factsVersion"/>, repeats possible; null when that is too long ago and every row must be looked at.</summary>
    internal IEnumerable<int>? ChangedSince(int factsVersion)
    {
        if (factsVersion < _factsVersionBase) return null;
        return _factChanges.Skip(factsVersion - _factsVersionBase);
    }

    /// <summary>Forgets old changes once they outnumber the rows; classes that have not looked since look at every row.</summary>
    internal void TrimChanges()
    {
        if (_factChanges.Count <= Math.Max(1024, RowCount)) return;
        _factsVersionBase += _factChanges.Count;
        _factChanges.Clear();
    }

    private void EnsureRows(int rowCount)
    {
        if (rowCount <= _facts.Length) return;
        var length = BestFit.Padded(Math.Max(64, rowCount * 2));
        var from = _facts.Length;
        Array.Resize(ref _facts, length);
        for (var resource = 0; resource < ResourceCount; resource++)
        {
            Array.Resize(ref _free[resource], length);
            Array.Resize(ref _allocatable[resource], length);
        }

        Array.Fill(_free[_resources["pods"]], Absent, from, length - from);
    }

    private long[] NewColumn(string name)
    {
        var column = new long[_facts.Length];
        if (name == "pods") Array.Fill(column, Absent);
        return column;
    }
}

/// <param name="Resource">A column of the table.</param>
/// <param name="Amount">CPU in millicores, the rest in base units; ≥ 0.</param>
public readonly record struct ResourceAmount(int Resource, long Amount);
