using System.Text.Json.Nodes;
using System.Threading.Channels;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Control;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Client.Informers;
using ControlPlane.Controllers.Runtime;
using ControlPlane.Scheduler.Rounds;

namespace ControlPlane.Controllers.Scheduling;

/// <summary>Gives pods their nodes: everything that waits is placed in one round and bound in one write, again and again.</summary>
public sealed class SchedulingLoop : IController
{
    // One log entry of bindings: large enough that the disk's sync is shared by many, small enough that the first of a flood starts soon.
    private const int BindingsMax = 1000;

    // A round that placed more is a flood, and telling of each would cost as much as placing it; conditions and spec.nodeName still tell.
    private const int ScheduledEventsMax = 100;

    // Reasons change with every node that fills up; people read them once in a while.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(30);
    private const int ReportsMax = 100;
    private const int ReportsAtOnce = 8;

    // What was refused (no quorum, say) is tried again after this; at once it would be a busy loop.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    private readonly ControllerContext _context;
    private readonly Informer _pods;
    private readonly Informer _nodes;
    private readonly ClusterState _state = new();

    // Unbounded on purpose: it holds references to objects that the caches hold anyway, and an informer must never wait.
    // Null: nothing changed, but time has passed.
    private readonly Channel<ObjectChange?> _changes = Channel.CreateUnbounded<ObjectChange?>(new() { SingleReader = true });
    private readonly Dictionary<PodClass, long> _hopelessAt = [];

    // Bindings of which nobody knows whether they were written.
    private List<(PendingPod Pod, PodBinding Binding)> _unanswered = [];

    public SchedulingLoop(ControllerContext context)
    {
        _context = context;
        _pods = context.Informers.For(Pod.Resource);
        _nodes = context.Informers.For(Node.Resource);
    }

    public string Name => ClusterState.SchedulerName;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _nodes.WhenSynced(cancellationToken);
            await _pods.WhenSynced(cancellationToken);
            using var nodes = _nodes.OnChange(change => _changes.Writer.TryWrite(change));
            using var pods = _pods.OnChange(change => _changes.Writer.TryWrite(change));
            // A reason held back because another was just given must be told even if nothing else ever changes.
            using var reminder = _context.Time.CreateTimer(_ => _changes.Writer.TryWrite(null), null, ReportInterval, ReportInterval);
            while (await _changes.Reader.WaitToReadAsync(cancellationToken))
            {
                TakeChanges();
                while (await PlaceAsync(cancellationToken)) TakeChanges();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The term of leadership is over; the next leader starts from what is bound.
        }
    }

    private void TakeChanges()
    {
        while (_changes.Reader.TryRead(out var change))
        {
            if (change is { } known) _state.Apply(known);
        }
    }

    /// <summary>One round and one write.</summary>
    /// <returns>Whether another round is worth its while at once.</returns>
    private async Task<bool> PlaceAsync(CancellationToken cancellationToken)
    {
        if (_unanswered.Count > 0)
        {
            // The same again: had they been given other nodes, a first write that did arrive would hold room that nobody counts.
            var open = _unanswered.FindAll(choice => _state.IsAssumed(choice.Pod));
            _unanswered = [];
            if (open.Count > 0) await BindOrWaitAsync(open, cancellationToken);
            return true;
        }

        if (_state.PendingCount == 0) return false;
        var room = _state.RoomVersion;
        var waiting = _state.Queue();
        var queue = waiting.Where(pod => !IsHopeless(pod, room)).Take(BindingsMax).ToList();
        if (queue.Count == 0) return await ReportAsync(waiting, cancellationToken);
        var (placed, unplaced) = _state.Place(queue);
        if (_hopelessAt.Count > 2 * _state.PendingCount + 1000) _hopelessAt.Clear();
        foreach (var pod in unplaced) _hopelessAt[pod.Class] = room;
        if (placed.Count > 0) await BindOrWaitAsync(placed, cancellationToken);
        return true;
    }

    private async Task BindOrWaitAsync(List<(PendingPod Pod, PodBinding Binding)> placed, CancellationToken cancellationToken)
    {
        if (!await BindAsync(placed, cancellationToken)) await Task.Delay(RetryInterval, _context.Time, cancellationToken);
    }

    /// <summary>Its class found no room, and none has come free since.</summary>
    private bool IsHopeless(PendingPod pod, long room) => _hopelessAt.TryGetValue(pod.Class, out var at) && at == room;

    /// <returns>False when some must be tried again, after a pause.</returns>
    private async Task<bool> BindAsync(List<(PendingPod Pod, PodBinding Binding)> placed, CancellationToken cancellationToken)
    {
        IReadOnlyList<ApiStatus?> outcomes;
        try
        {
            outcomes = await _context.Client.BindAsync(placed.ConvertAll(choice => choice.Binding), cancellationToken);
        }
        catch (ApiException refusal)
        {
            _context.Notify(new(Name, $"{placed.Count} bindings", $"tried again: {refusal.Status.Message}"));
            _unanswered = placed;
            return false;
        }

        var isDone = true;
        for (var index = 0; index < placed.Count; index++)
        {
            var (pod, binding) = placed[index];
            if (outcomes[index] is { } refusal)
            {
                if (refusal.Reason is "NotFound" or "Conflict")
                {
                    // Deleted, changed or bound already: the watch tells.
                    _state.Doubt(pod);
                    continue;
                }

                _state.Release(pod);
                isDone = false;
                continue;
            }

            if (index >= ScheduledEventsMax) continue;
            Tell(pod, "Normal", "Scheduled", $"Successfully assigned {binding.Namespace}/{binding.Name} to {binding.NodeName}");
        }

        return isDone;
    }

    /// <summary>Tells pods that found no room why.</summary>
    /// <returns>Whether more are left to tell.</returns>
    private async Task<bool> ReportAsync(List<PendingPod> unplaced, CancellationToken cancellationToken)
    {
        var now = _context.Time.GetUtcNow();
        var explanations = new Dictionary<PodClass, string>();
        var due = new List<(PendingPod Pod, string Message)>();
        foreach (var pod in unplaced)
        {
            if (due.Count == ReportsMax) break;
            if (pod.Reported is not null && now - pod.ReportedAt < ReportInterval) continue;
            if (!explanations.TryGetValue(pod.Class, out var message))
            {
                explanations.Add(pod.Class, message = Explanation.Of(_state.Nodes, pod.Class).ToString());
            }

            if (pod.Reported != message) due.Add((pod, message));
        }

        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = ReportsAtOnce, CancellationToken = cancellationToken }, async (report, stop) =>
        {
            var (pod, message) = report;
            (pod.Reported, pod.ReportedAt) = (message, now);
            Tell(pod, "Warning", "FailedScheduling", message);
            await WriteConditionAsync(pod, message, now, stop);
        });
        return due.Count == ReportsMax;
    }

    private async Task WriteConditionAsync(PendingPod pod, string message, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var condition = new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = "Unschedulable",
            ["message"] = message,
        };
        if (pod.Pod.As<Pod>().Status.Conditions.Find("PodScheduled") is not { Status: "False" }) condition["lastTransitionTime"] = TimeConverter.Format(now);
        var patch = new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) } };
        try
        {
            await _context.Client.PatchAsync(pod.Pod.Key, "status", PatchKind.StrategicMerge, PlanExecutor.Encode(patch), new(FieldManager: Name), cancellationToken);
        }
        catch (ApiException refusal)
        {
            // Gone meanwhile, most likely; if not, it is said again when the reason changes.
            if (!refusal.IsNotFound) _context.Notify(new(Name, pod.Pod.Key.ToString(), $"condition not written: {refusal.Status.Message}"));
        }
    }

    private void Tell(PendingPod pod, string type, string reason, string message) =>
        _context.Events.Record(Name, new PlanStep.Event(pod.Pod.Key, pod.Pod.Uid, pod.Pod.ResourceVersion.ToString(), type, reason, message));
}
