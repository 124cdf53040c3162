using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ControlPlane.Api.Tables;

namespace ControlPlane.Api.Kinds;

/// <summary>A pod as <c>kubectl get pods -o wide</c> shows it. The status is the word that explains most: why a container waits or ended, before the phase.</summary>
internal static class PodCells
{
    public static ImmutableArray<TableCell> Of(JsonObject pod, DateTimeOffset now)
    {
        var summary = new Summary(pod);
        summary.ReadInitContainers();
        if (!summary.IsInitializing || HasTrueCondition(pod, "Initialized")) summary.ReadContainers();
        summary.ReadDeletion();
        return
        [
            Cell.Name(pod),
            $"{summary.ReadyCount}/{summary.TotalCount}",
            summary.Reason,
            summary.Restarts(now),
            Cell.Age(pod, now),
            Cell.OrNone(pod.Items("status", "podIPs").FirstOrDefault().Text("ip") ?? pod.Text("status", "podIP")),
            Cell.OrNone(pod.Text("spec", "nodeName")),
            Cell.OrNone(pod.Text("status", "nominatedNodeName")),
            ReadinessGates(pod),
        ];
    }

    private static string ReadinessGates(JsonObject pod)
    {
        var gates = pod.Items("spec", "readinessGates").ToList();
        return gates.Count == 0 ? Cell.None : $"{gates.Count(gate => HasTrueCondition(pod, gate.Text("conditionType") ?? ""))}/{gates.Count}";
    }

    private static bool HasTrueCondition(JsonObject pod, string type) =>
        pod.Items("status", "conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == "True");

    private sealed class Summary
    {
        private readonly JsonObject _pod;
        private readonly List<JsonObject> _initContainers;
        private long _restarts;
        private long _sidecarRestarts;
        private DateTimeOffset _lastRestart;
        private DateTimeOffset _lastSidecarRestart;

        public Summary(JsonObject pod)
        {
            _pod = pod;
            _initContainers = [.. pod.Items("spec", "initContainers")];
            TotalCount = pod.Count("spec", "containers") + _initContainers.Count(IsSidecar);
            Reason = pod.Text("status", "reason") is { Length: > 0 } reason ? reason : pod.Text("status", "phase") ?? "Unknown";
            if (pod.Items("status", "conditions").Any(condition => condition.Text("type") == "PodScheduled" && condition.Text("reason") == "SchedulingGated"))
            {
                Reason = "SchedulingGated";
            }
        }

        public int ReadyCount { get; private set; }

        public int TotalCount { get; }

        public string Reason { get; private set; }

        public bool IsInitializing { get; private set; }

        public string Restarts(DateTimeOffset now) =>
            _restarts > 0 && _lastRestart != default ? $"{_restarts} ({HumanDuration.Format(now - _lastRestart)} ago)" : $"{_restarts}";

        public void ReadInitContainers()
        {
            var i = -1;
            foreach (var status in _pod.Items("status", "initContainerStatuses"))
            {
                i++;
                var isSidecar = _initContainers.Any(container => container.Text("name") == status.Text("name") && IsSidecar(container));
                CountRestarts(status, isSidecar);
                var ended = status.Object("state", "terminated");
                if (ended is not null && (ended.Number("exitCode") ?? 0) == 0) continue;
                if (isSidecar && status.Flag("started") == true)
                {
                    if (status.Flag("ready") == true) ReadyCount++;
                    continue;
                }

                IsInitializing = true;
                if (ended is not null) Reason = "Init:" + EndOf(ended);
                else if (status.TryGetText(out var waiting, "state", "waiting", "reason") && waiting != "PodInitializing") Reason = "Init:" + waiting;
                else Reason = $"Init:{i}/{_initContainers.Count}";
                return;
            }
        }

        public void ReadContainers()
        {
            (_restarts, _lastRestart) = (_sidecarRestarts, _lastSidecarRestart);
            var isAnyRunning = false;
            foreach (var status in _pod.Items("status", "containerStatuses").Reverse())
            {
                CountRestarts(status, isSidecar: false);
                if (status.TryGetText(out var waiting, "state", "waiting", "reason"))
                {
                    Reason = waiting;
                }
                else if (status.Object("state", "terminated") is { } ended)
                {
                    Reason = EndOf(ended);
                }
                else if (status.Flag("ready") == true && status.Object("state", "running") is not null)
                {
                    isAnyRunning = true;
                    ReadyCount++;
                }
            }

            if (Reason == "Completed" && isAnyRunning) Reason = HasTrueCondition(_pod, "Ready") ? "Running" : "NotReady";
        }

        public void ReadDeletion()
        {
            if (_pod.Text("metadata", "deletionTimestamp") is null) return;
            if (_pod.Text("status", "reason") == "NodeLost") Reason = "Unknown";
            else if (_pod.Text("status", "phase") is not ("Succeeded" or "Failed")) Reason = "Terminating";
        }

        private static bool IsSidecar(JsonObject initContainer) => initContainer.Text("restartPolicy") == "Always";

        private static string EndOf(JsonObject terminated)
        {
            if (terminated.TryGetText(out var reason, "reason")) return reason;
            return terminated.Number("signal") is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{terminated.Number("exitCode") ?? 0}";
        }

        private void CountRestarts(JsonObject status, bool isSidecar)
        {
            var count = status.Number("restartCount") ?? 0;
            _restarts += count;
            if (isSidecar) _sidecarRestarts += count;
            if (!status.TryGetTime(out var finished, "lastState", "terminated", "finishedAt")) return;
            if (finished > _lastRestart) _lastRestart = finished;
            if (isSidecar && finished > _lastSidecarRestart) _lastSidecarRestart = finished;
        }
    }
}
