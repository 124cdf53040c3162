using System.Collections.Immutable;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Kinds;
using ControlPlane.Client.Informers;
using ControlPlane.Scheduler.Columns;
using ControlPlane.Scheduler.Kernels;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>What the scheduling loop knows: nodes as columns, which pod holds what where (also bindings that the watch has not confirmed yet), and
/// who waits. One caller.</summary>
internal sealed class ClusterState
{
    public const string SchedulerName = "default-scheduler";

    private readonly PodClasses _classes;
    private readonly Dictionary<string, Held> _held = [];
    private readonly Dictionary<string, HashSet<string>> _heldOn = [];
    private readonly Dictionary<string, PendingPod> _pending = [];

    // Pods whose binding nobody has confirmed yet, and of those the ones that the server did not take as expected.
    private readonly HashSet<string> _assumed = [];
    private readonly HashSet<string> _doubted = [];

    public ClusterState() => _classes = new(Nodes);

    public NodeTable Nodes { get; } = new();

    public int PendingCount => _pending.Count;

    /// <summary>Raised whenever a pod that found no room might find some now.</summary>
    public long RoomVersion { get; private set; }

    /// <summary>Takes over one change of a Pod or a Node.</summary>
    public void Apply(ObjectChange change)
    {
        if (change.Latest.Resource.Kind == Node.Resource.Kind) ApplyNode(change);
        else ApplyPod(change);
    }

    /// <summary>Who waits, in the order of choosing.</summary>
    public List<PendingPod> Queue()
    {
        var queue = _pending.Values.ToList();
        queue.Sort(PendingPod.QueueOrder);
        return queue;
    }

    /// <summary>Chooses for each pod and counts the choice as taken until the watch confirms it or <see cref="Release"/> takes it back.</summary>
    /// <returns>The bindings, and the pods that found no room.</returns>
    public (List<(PendingPod Pod, PodBinding Binding)> Placed, List<PendingPod> Unplaced) Place(List<PendingPod> queue)
    {
        var placements = new int[queue.Count];
        Round.Place(Nodes, queue.ConvertAll(pod => pod.Class).ToArray(), placements);
        var placed = new List<(PendingPod, PodBinding)>(queue.Count);
        var unplaced = new List<PendingPod>();
        for (var index = 0; index < queue.Count; index++)
        {
            var pod = queue[index];
            if (placements[index] == BestFit.None)
            {
                unplaced.Add(pod);
                continue;
            }

            var node = Nodes.FactsOf(placements[index])!.Name;
            _pending.Remove(pod.Pod.Uid);
            // The round has taken the room already.
            Note(pod.Pod.Uid, node, pod.Class.Requests);
            _assumed.Add(pod.Pod.Uid);
            placed.Add((pod, new(pod.Pod.Namespace!, pod.Pod.Name, pod.Pod.Uid, node)));
        }

        return (placed, unplaced);
    }

    /// <summary>Whether the pod was placed and neither the watch nor <see cref="Release"/> has said more.</summary>
    public bool IsAssumed(PendingPod pod) => _assumed.Contains(pod.Pod.Uid);

    /// <summary>A binding was refused: its room is free again, and the pod waits again.</summary>
    public void Release(PendingPod pod)
    {
        GiveBack(pod.Pod.Uid);
        _pending[pod.Pod.Uid] = pod;
    }

    /// <summary>A binding was refused because the pod is not what it was. Its room stays taken until the watch says what became of it: it may have
    /// been bound by a write of ours whose answer was lost, and then the room is not free.</summary>
    public void Doubt(PendingPod pod)
    {
        if (IsAssumed(pod)) _doubted.Add(pod.Pod.Uid);
    }

    private void ApplyNode(ObjectChange change)
    {
        var name = change.Latest.Name;
        if (change.IsDeleted)
        {
            Nodes.Remove(name);
            return;
        }

        var node = change.Latest.As<Node>();
        var isNew = Nodes.RowOf(name) == BestFit.None;
        var before = Nodes.FactsVersion;
        var allocatable = NodeMirror.AllocatableOf(node, Nodes);
        var row = Nodes.Set(NodeMirror.FactsOf(node), allocatable);
        if (isNew)
        {
            foreach (var uid in _heldOn.GetValueOrDefault(name) ?? []) Nodes.Take(row, _held[uid].Requests);
        }

        var hadOther = change.Old is { } old && !Same(NodeMirror.AllocatableOf(old.As<Node>(), Nodes), allocatable);
        if (isNew || hadOther || Nodes.FactsVersion != before) RoomVersion++;
    }

    private void ApplyPod(ObjectChange change)
    {
        var item = change.Latest;
        var pod = item.As<Pod>();
        // A name that was deleted and made anew between two looks is two pods.
        if (change.Old is { } old && old.Uid != item.Uid) Forget(old.Uid);
        if (change.IsDeleted || pod.IsFinished)
        {
            Forget(item.Uid);
            return;
        }

        if (pod.IsBound)
        {
            _pending.Remove(item.Uid);
            Hold(item.Uid, pod.Spec.NodeName!, pod);
            return;
        }

        // An unbound pod whose binding is on its way is not waiting; the watch will say so soon.
        if (_held.ContainsKey(item.Uid) && !_doubted.Contains(item.Uid)) return;
        GiveBack(item.Uid);
        if (pod.Metadata.IsBeingDeleted || !pod.Spec.SchedulingGates.IsEmpty || (pod.Spec.SchedulerName ?? SchedulerName) != SchedulerName)
        {
            _pending.Remove(item.Uid);
            return;
        }

        if (!_pending.TryGetValue(item.Uid, out var waiting))
        {
            _pending.Add(item.Uid, new(item, _classes.Of(pod)));
            return;
        }

        waiting.Renew(item, _classes.Of(pod));
    }

    private void Hold(string uid, string node, Pod pod)
    {
        if (_held.TryGetValue(uid, out var held) && held.Node == node)
        {
            _assumed.Remove(uid);
            _doubted.Remove(uid);
            return;
        }

        GiveBack(uid);
        var requests = _classes.Of(pod).Requests;
        Note(uid, node, requests);
        if (Nodes.RowOf(node) is var row and not BestFit.None) Nodes.Take(row, requests);
    }

    private void Note(string uid, string node, ImmutableArray<ResourceAmount> requests)
    {
        _held[uid] = new(node, requests);
        if (!_heldOn.TryGetValue(node, out var pods)) _heldOn.Add(node, pods = []);
        pods.Add(uid);
    }

    private void Forget(string uid)
    {
        _pending.Remove(uid);
        GiveBack(uid);
    }

    private void GiveBack(string uid)
    {
        _assumed.Remove(uid);
        _doubted.Remove(uid);
        if (!_held.Remove(uid, out var held)) return;
        var pods = _heldOn[held.Node];
        pods.Remove(uid);
        if (pods.Count == 0) _heldOn.Remove(held.Node);
        if (Nodes.RowOf(held.Node) is not (var row and not BestFit.None)) return;
        Nodes.Give(row, held.Requests);
        RoomVersion++;
    }

    private static bool Same(List<ResourceAmount> left, List<ResourceAmount> right) => left.Count == right.Count && left.All(right.Contains);

    private readonly record struct Held(string Node, ImmutableArray<ResourceAmount> Requests);
}
