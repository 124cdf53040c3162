using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Kernels;

namespace ControlPlane.Scheduler.Rounds;

/// <summary>One scheduling round: a batch of pods, in queue order, becomes placements.</summary>
public static class Round
{
    /// <summary>Chooses a row for every pod and takes its requests from the table.</summary>
    /// <param name="table">Changed: placed pods take their requests.</param>
    /// <param name="pods">In the order in which they may choose.</param>
    /// <param name="placements">Out: one element a pod, in order; <see cref="BestFit.None"/> where no node has room.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    /// <remarks>O(pods × rows) at worst; a run of pods of one class on one node costs one look, and a class that found no room is not tried again.</remarks>
    public static void Place(NodeTable table, ReadOnlySpan<PodClass> pods, Span<int> placements)
    {
        if (pods.Length != placements.Length) throw new ArgumentException("one placement a pod", nameof(placements));
        table.TrimChanges();
        var hopeless = new HashSet<PodClass>();
        PodClass? lastClass = null;
        var lastRow = BestFit.None;
        for (var pod = 0; pod < pods.Length; pod++)
        {
            var wanted = pods[pod];
            var row = BestFit.None;
            if (ReferenceEquals(wanted, lastClass) && !wanted.IsSpreading && lastRow != BestFit.None && HasRoom(table, lastRow, wanted))
            {
                // The fullest node that fits just became fuller, and nothing else changed: it is still the best.
                row = lastRow;
            }
            else if (!hopeless.Contains(wanted))
            {
                row = Choose(table, wanted);
                // Within a round room only shrinks: what did not fit will not fit.
                if (row == BestFit.None) hopeless.Add(wanted);
            }

            placements[pod] = row;
            if (row != BestFit.None) table.Take(row, wanted.Requests);
            (lastClass, lastRow) = (wanted, row);
        }
    }

    private static int Choose(NodeTable table, PodClass wanted)
    {
        var preferred = wanted.PreferredRows(table);
        var dimensions = wanted.Dimensions;
        var free = wanted.Columns;
        Span<long> request = stackalloc long[dimensions.Length];
        Span<int> scale = stackalloc int[dimensions.Length];
        for (var dimension = 0; dimension < dimensions.Length; dimension++)
        {
            var (resource, amount) = dimensions[dimension];
            free[dimension] = table.FreeColumn(resource);
            request[dimension] = amount;
            scale[dimension] = table.ScaleOf(resource);
        }

        var row = BestFit.Choose(free, request, scale, preferred, table.RowCount, wanted.IsSpreading);
        // Only when none of those has room is a node taken that would rather be spared (PreferNoSchedule).
        return row == BestFit.None && wanted.AvoidedCount > 0
            ? BestFit.Choose(free, request, scale, wanted.EligibleRows(table), table.RowCount, wanted.IsSpreading)
            : row;
    }

    private static bool HasRoom(NodeTable table, int row, PodClass wanted)
    {
        foreach (var (resource, amount) in wanted.Dimensions)
        {
            if (table.FreeOf(row, resource) < amount) return false;
        }

        return true;
    }
}
