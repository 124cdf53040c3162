namespace ControlPlane.Controllers.Pods;

/// <summary>Since when nodes that pods name have been missing. Kept between sweeps: a node that registers again within the quarantine keeps its pods.</summary>
internal sealed class NodeAbsences
{
    private Dictionary<string, DateTimeOffset> _since = [];

    /// <summary>Takes note of who is missing now.</summary>
    /// <returns>Since when each has been.</returns>
    public IReadOnlyDictionary<string, DateTimeOffset> Note(IReadOnlySet<string> missing, DateTimeOffset now) =>
        _since = missing.ToDictionary(name => name, name => _since.GetValueOrDefault(name, now));
}
