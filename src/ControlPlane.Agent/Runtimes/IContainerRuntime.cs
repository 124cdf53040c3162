using ControlPlane.Agent.Pods;
using ControlPlane.Api.Kinds;

namespace ControlPlane.Agent.Runtimes;

/// <summary>Runs containers. Members of one pod are called one at a time, of different pods concurrently.</summary>
internal interface IContainerRuntime
{
    /// <summary>The scheme of container ids: <c>process</c>, <c>simulated</c>.</summary>
    string Scheme { get; }

    /// <summary>Starts a container. Completes when it runs or is refused.</summary>
    /// <param name="report">Called with <see cref="PodInput.Exited"/> when it has ended, from any thread, perhaps before this task completes.</param>
    /// <returns><see cref="PodInput.Started"/> or <see cref="PodInput.NotStarted"/>.</returns>
    Task<PodInput> StartAsync(Pod pod, int container, int attempt, Action<PodInput> report, CancellationToken cancellationToken);

    /// <summary>Asks the container's processes to end, or ends them. Nothing happens when it has ended already.</summary>
    void Signal(Pod pod, int container, int attempt, bool isKill);

    /// <summary>Keeps the state where a next agent finds it (<see cref="Recall"/>); may do nothing.</summary>
    void Remember(Pod pod, PodState state);

    /// <summary>The state of a pod whose object this agent sees for the first time but which may have run before; runs found alive are watched again.
    /// Null: it never ran.</summary>
    PodState? Recall(Pod pod, Action<PodInput> report);

    /// <summary>Pods that an earlier agent left behind, running or not.</summary>
    IEnumerable<Pod> Remembered();

    /// <summary>Removes what a pod left: its folder and logs.</summary>
    void Forget(Pod pod);

    /// <summary>The log of one run, or null when there is none.</summary>
    Logs.LogSource? OpenLog(Pod pod, string container, int attempt);
}
