using ControlPlane.Scheduler.Columns;

namespace ControlPlane.Scheduler.Rounds;

/// <summary>Why no node has room for a class of pods: per reason, how many nodes it excludes. A node may be short of several resources and then counts for each.</summary>
public sealed record Explanation(int NodeCount, IReadOnlyDictionary<string, int> Reasons)
{
    public static Explanation Of(NodeTable table, PodClass wanted)
    {
        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < table.RowCount; row++)
        {
            if (table.FactsOf(row) is not { } facts) continue;
            if (wanted.Constraints.Refusal(facts) is { } refusal)
            {
                Count(refusal);
                continue;
            }

            if (wanted.Dimensions.Any(wish => table.IsHostPort(wish.Resource) && table.FreeOf(row, wish.Resource) < wish.Amount))
            {
                Count("node(s) didn't have free ports for the requested pod ports");
                continue;
            }

            foreach (var (resource, amount) in wanted.Dimensions)
            {
                if (table.FreeOf(row, resource) >= amount) continue;
                var name = table.ResourceName(resource);
                Count(name == "pods" ? "Too many pods" : $"Insufficient {name}");
            }
        }

        return new(table.NodeCount, reasons);

        void Count(string reason) => reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
    }

    /// <summary><c>0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.</c></summary>
    public override string ToString() => NodeCount == 0
        ? "no nodes available to schedule pods"
        : $"0/{NodeCount} nodes are available: {string.Join(", ", Reasons.Select(reason => $"{reason.Value} {reason.Key}").Order(StringComparer.Ordinal))}.";
}
