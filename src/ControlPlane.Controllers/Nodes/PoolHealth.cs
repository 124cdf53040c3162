using ControlPlane.Api.Kinds;

namespace ControlPlane.Controllers.Nodes;

/// <summary>How the pool as a whole is doing, and how many more nodes may be given up now.</summary>
/// <param name="IsCutOff">Every node is silent: it is we who cannot hear.</param>
/// <param name="Allowance">Nodes that may be given up in this look.</param>
internal readonly record struct PoolHealth(bool IsCutOff, int Allowance)
{
    // One or two lost nodes of three are lost nodes, not a partition.
    private const int DisruptedNodesMin = 3;

    public static PoolHealth Of(IReadOnlyCollection<Node> nodes, int silentCount, NodeOptions options, DateTimeOffset now)
    {
        if (nodes.Count > 0 && silentCount == nodes.Count) return new(true, 0);
        var isDisrupted = silentCount >= DisruptedNodesMin && silentCount >= nodes.Count * options.DisruptedShare;
        if (isDisrupted && nodes.Count <= options.LargePoolNodesMin) return new(false, 0);
        return new(false, AllowanceAt(isDisrupted ? options.DisruptedEvictionsPerSecond : options.EvictionsPerSecond, nodes, now));
    }

    // The nodes themselves remember when they were given up: the rate holds across a change of leader, and there is no state to lose.
    private static int AllowanceAt(double perSecond, IReadOnlyCollection<Node> nodes, DateTimeOffset now)
    {
        if (perSecond <= 0) return 0;
        var window = TimeSpan.FromSeconds(Math.Max(1, 1 / perSecond));
        var recent = nodes.Count(node => NodeTaints.GivenUpAt(node) is { } time && now - time < window);
        return Math.Max(0, (int)Math.Round(perSecond * window.TotalSeconds) - recent);
    }
}
