using System.Collections.Immutable;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Constraints;
using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Scheduler.Rounds;

/// <summary>Pods that are alike to the scheduler: same requests, same constraints. Constraints are evaluated once a class and node, not once a pod.</summary>
public sealed class PodClass
{
    private byte[] _eligible = [];
    private byte[] _preferred = [];
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
        Columns = new long[Dimensions.Length][];
    }

    public ImmutableArray<ResourceAmount> Requests { get; }

    public PlacementConstraints Constraints { get; }

    public bool IsSpreading { get; }

    internal ImmutableArray<ResourceAmount> Dimensions { get; }

    /// <summary>Where a round lays out the columns of <see cref="Dimensions"/>, so that a look allocates nothing.</summary>
    internal long[][] Columns { get; }

    /// <summary>How many rows are eligible but not preferred.</summary>
    internal int AvoidedCount { get; private set; }

    /// <summary>One bit a row: whether the constraints admit the node. Brought up to date with the table first.</summary>
    internal ReadOnlySpan<byte> EligibleRows(NodeTable table)
    {
        Renew(table);
        return _eligible;
    }

    /// <summary>One bit a row: eligible, and without a taint that asks such pods to go elsewhere if they can. Brought up to date with the table first.</summary>
    internal ReadOnlySpan<byte> PreferredRows(NodeTable table)
    {
        Renew(table);
        return _preferred;
    }

    private void Renew(NodeTable table)
    {
        if (_factsSeen == table.FactsVersion) return;
        var needed = BestFit.Padded(table.RowCount) / 8;
        if (_eligible.Length < needed)
        {
            Array.Resize(ref _eligible, needed * 2);
            Array.Resize(ref _preferred, needed * 2);
        }

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
    }

    private void Look(NodeTable table, int row)
    {
        var facts = table.FactsOf(row);
        var isEligible = facts is not null && Constraints.Refusal(facts) is null;
        var isPreferred = isEligible && !Constraints.Avoids(facts!);
        var (index, bit) = (row >> 3, (byte)(1 << (row & 7)));
        var wasAvoided = ((_eligible[index] ^ _preferred[index]) & bit) != 0;
        Write(_eligible, isEligible);
        Write(_preferred, isPreferred);
        AvoidedCount += (isEligible && !isPreferred ? 1 : 0) - (wasAvoided ? 1 : 0);

        void Write(byte[] bits, bool value) => bits[index] = (byte)(value ? bits[index] | bit : bits[index] & ~bit);
    }
}
