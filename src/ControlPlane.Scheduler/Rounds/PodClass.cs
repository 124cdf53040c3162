using System.Collections.Immutable;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;
using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Scheduler.Rounds;

/// <summary>Pods that are alike to the scheduler: same requests, same constraints. Constraints are evaluated once a class and node, not once a pod.</summary>
public sealed class PodClass
{
    private byte[] _eligible = [];
    private int _rowsSeen;
    private int _factsSeen = -1;

    /// <param name="requests">By resource, each once; must hold one of <c>pods</c>.</param>
    /// <param name="constraints">What it asks of nodes.</param>
    /// <param name="isSpreading">Prefers the emptiest node to the fullest.</param>
    public PodClass(ImmutableArray<ResourceAmount> requests, PlacementConstraints constraints, bool isSpreading)
    {
        Requests = requests;
        Constraints = constraints;
        IsSpreading = isSpreading;
        // A dimension that is not asked for cannot refuse: a pod without CPU request fits on a node without CPU left.
        Dimensions = [.. requests.Where(request => request.Amount > 0)];
    }

    public ImmutableArray<ResourceAmount> Requests { get; }

    public PlacementConstraints Constraints { get; }

    public bool IsSpreading { get; }

    internal ImmutableArray<ResourceAmount> Dimensions { get; }

    /// <summary>One bit a row: whether the constraints admit the node. Brought up to date with the table first.</summary>
    internal ReadOnlySpan<byte> EligibleRows(NodeTable table)
    {
        var needed = BestFit.Padded(table.RowCount) / 8;
        if (_eligible.Length < needed) Array.Resize(ref _eligible, needed * 2);
        var changed = _factsSeen < 0 ? null : table.ChangedSince(_factsSeen);
        if (changed is null)
        {
            for (var row = 0; row < table.RowCount; row++) Look(table, row);
        }
        else
        {
            foreach (var row in changed) Look(table, row);
            for (; _rowsSeen < table.RowCount; _rowsSeen++) Look(table, _rowsSeen);
        }

        _rowsSeen = table.RowCount;
        _factsSeen = table.FactsVersion;
        return _eligible;
    }

    private void Look(NodeTable table, int row)
    {
        var bit = (byte)(1 << (row & 7));
        if (table.FactsOf(row) is { } facts && Constraints.Refusal(facts) is null) _eligible[row >> 3] |= bit;
        else _eligible[row >> 3] &= (byte)~bit;
    }
}
