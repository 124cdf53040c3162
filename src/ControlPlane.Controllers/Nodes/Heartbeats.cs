using System.Collections.Concurrent;
using ControlPlane.Api.Kinds;
using ControlPlane.Client.Informers;
using ControlPlane.Controllers.Leases;
using ControlPlane.Controllers.Runtime;

namespace ControlPlane.Controllers.Nodes;

/// <summary>When each node was last heard of, by our own clock: a node whose clock is wrong is not taken for dead, and a new leader, who has
/// heard nothing yet, grants every node its grace again.</summary>
internal sealed class Heartbeats
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _heard = [];
    private readonly TimeProvider _time;

    public Heartbeats(ControllerContext context)
    {
        _time = context.Time;
        context.Informers.For(Lease.Resource).OnChange(OnLease);
        context.Informers.For(Node.Resource).OnChange(OnNode);
    }

    /// <summary>Null: never.</summary>
    public DateTimeOffset? LastOf(string node) => _heard.TryGetValue(node, out var time) ? time : null;

    private void OnLease(ObjectChange change)
    {
        if (change.New is { Namespace: NodeLeases.Namespace } renewed) _heard[renewed.Name] = _time.GetUtcNow();
    }

    private void OnNode(ObjectChange change)
    {
        if (change.New is null) _heard.TryRemove(change.Latest.Name, out _);
        // Only the node itself moves its heartbeat time; a condition we wrote, or a label somebody set, is no sign of life.
        else if (change.Old is null || HeartbeatOf(change.Old.As<Node>()) != HeartbeatOf(change.New.As<Node>())) _heard[change.New.Name] = _time.GetUtcNow();
    }

    private static DateTimeOffset? HeartbeatOf(Node node) => node.Status.Conditions.Find("Ready")?.LastHeartbeatTime;
}
