using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Agent.Environments;
using ControlPlane.Agent.Nodes;
using ControlPlane.Agent.Pods;
using ControlPlane.Agent.Probes;
using ControlPlane.Agent.Processes;
using ControlPlane.Agent.Runtimes;
using ControlPlane.Agent.Simulation;
using ControlPlane.Agent.Streams;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Quantities;
using ControlPlane.Client.Informers;

namespace ControlPlane.Agent;

/// <summary>A kubelet in spirit: makes one machine, or many simulated ones, a node of the cluster and runs the pods bound to it. It only dials out.
/// Pods do not depend on it: they run on while the API is away, and while the agent itself is restarted.</summary>
public sealed class AgentHost : IAsyncDisposable
{
    private readonly AgentOptions _options;
    private readonly ImmutableArray<NodeIdentity> _nodes;
    private readonly ImmutableHashSet<string> _nodeNames;
    private readonly Deadlines _deadlines;
    private readonly IContainerRuntime _runtime;
    private readonly StatusWriter _status;
    private readonly IPodJournal _journal;
    private readonly ProbeKeeper? _probes;
    private readonly PodRunner _runner;
    private readonly NodeKeeper _keeper;
    private readonly Informer _pods;
    private readonly AgentStreams _streams;
    private readonly CancellationTokenSource _stopping = new();

    // Pods of an earlier agent that the API has not been asked about yet.
    private readonly ConcurrentDictionary<string, bool> _unconfirmed = new();
    private Task _watching = Task.CompletedTask;
    private bool _isDisposed;

    /// <summary>Sets the agent up; nothing happens before <see cref="StartAsync"/>.</summary>
    public AgentHost(AgentOptions options)
    {
        _options = options;
        Directory.CreateDirectory(options.DataDirectory);
        _nodes = Identities(options);
        _nodeNames = [.. _nodes.Select(node => node.Name)];
        var isSimulated = options.Runtime == AgentRuntime.Simulated;
        var address = _nodes[0].Address;
        _deadlines = new(options.Time);
        _runtime = isSimulated
            ? new SimulatedRuntime(_deadlines, options.Time, options.SimulatedRunTime)
            : new ProcessRuntime(options.DataDirectory, () => Facts(_nodes[0]), new ApiSourceReader(options.Client), options.Time, options.LogSizeMaxBytes);
        _status = new(options.Client, _deadlines, options.Time, _runtime.Scheme, _ => address, isSimulated ? 64 : 8, options.Notice);
        _journal = isSimulated ? new SilentJournal() : new EventJournal(options.Client, options.Time, _nodes[0].Name);
        _probes = _runtime is ProcessRuntime processes ? new(new ProcessProber(processes), options.Time) : null;
        _runner = new(_runtime, _status, _journal, _deadlines, options.Time, options.Notice, _probes);
        var pressure = isSimulated ? () => default : (Func<NodePressure>)(() => NodePressure.Of(options.DataDirectory));
        _keeper = new(options.Client, options.Time, new(options.LeaseRenewInterval, options.LeaseDuration, options.NodeStatusInterval, options.Notice), _nodes, pressure);

        // One watch for all: a simulated agent of ten thousand nodes takes every bound pod and picks its own.
        var ours = _nodes.Length == 1 ? $"spec.nodeName={_nodes[0].Name}" : "spec.nodeName!=";
        _pods = new(options.Client, Pod.Resource, new(FieldSelector: ours), indexes: [], time: options.Time)
        {
            OnInterrupted = interruption => options.Notice($"watch of pods interrupted: {interruption.Message}; pods run on, trying again"),
        };
        _streams = new(options, [.. _nodes.Select(node => node.Name)], new(_runner, _runtime, options.Time));
    }

    /// <summary>The nodes this agent speaks for.</summary>
    public IReadOnlyCollection<string> NodeNames => _nodeNames;

    /// <summary>Completes when every node is in the API.</summary>
    public Task WhenRegistered => _keeper.WhenRegistered;

    /// <summary>How many pods are in the agent's hands, finished ones included.</summary>
    public int PodCount => _runner.Count;

    /// <summary>Takes back the pods an earlier agent left, registers the nodes and begins to watch. Completes at once: the API may be away, and
    /// the agent goes on trying.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var pod in _runtime.Remembered())
        {
            _unconfirmed[pod.Metadata.Uid] = true;
            _runner.Observe(pod);
        }

        _pods.OnChange(Apply);
        _watching = WatchAsync();
        _keeper.Start();
        _streams.Start();
        return Task.CompletedTask;
    }

    /// <summary>Stops the agent.</summary>
    /// <param name="killPods">True: pods are ended with their grace first, and the API is told. False: they run on, for the next agent to take over.</param>
    /// <param name="cancellationToken">Ends the wait for pods and API; what still runs then runs on.</param>
    public async Task StopAsync(bool killPods, CancellationToken cancellationToken)
    {
        if (_isDisposed) return;
        if (killPods)
        {
            try
            {
                await _runner.StopAllAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _options.Notice("stopped before every pod had ended");
            }
        }

        await DisposeAsync();
    }

    /// <summary>Stops without touching pods.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _stopping.CancelAsync();
        await _watching;
        await _streams.DisposeAsync();
        await _keeper.DisposeAsync();
        await _runner.DisposeAsync();
        if (_probes is not null) await _probes.DisposeAsync();
        await _status.DisposeAsync();
        if (_journal is EventJournal journal) await journal.DisposeAsync();
        if (_runtime is ProcessRuntime runtime) await runtime.DisposeAsync();
        _deadlines.Dispose();
        _stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        var running = _pods.RunAsync(_stopping.Token);
        try
        {
            await _pods.WhenSynced(_stopping.Token);

            // The API has answered once. A pod of an earlier agent that is not in the answer was deleted meanwhile, or given to another node.
            var known = _pods.Cache.All().Select(pod => pod.Uid).ToHashSet();
            foreach (var uid in _unconfirmed.Keys)
            {
                if (!known.Contains(uid)) _runner.ObserveGone(uid);
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops before the API ever answered.
        }

        await running;
    }

    private void Apply(ObjectChange change)
    {
        // A deleted pod may have a namesake by now; each is known by its uid.
        if (change.Old is { } old && old.Uid != change.New?.Uid) _runner.ObserveGone(old.Uid);
        if (change.New is not { } latest) return;
        var pod = latest.As<Pod>();
        if (pod.Spec.NodeName is not { } node || !_nodeNames.Contains(node)) return;

        // Of a pod that ended before this agent's time there is nothing to do, unless it waits to be let go.
        if (pod.IsFinished && !pod.Metadata.IsBeingDeleted && _runner.Find(pod.Metadata.Uid) is null) return;
        _runner.Observe(pod);
    }

    private NodeFacts Facts(NodeIdentity node)
    {
        var server = _streams.AnyServer;
        var allocatable = node.Capacity.Resources.ToDictionary(pair => pair.Key, pair => Quantity.Parse(pair.Value));
        return new(node.Name, node.Address, server?.Host, server?.Port, allocatable);
    }

    private static ImmutableArray<NodeIdentity> Identities(AgentOptions options)
    {
        var version = typeof(AgentHost).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
        var name = options.NodeName ?? MachineFacts.NodeName();
        var address = MachineFacts.Address();
        if (options.Runtime == AgentRuntime.Process)
        {
            return [new(name, address, options.Capacity ?? MachineFacts.Capacity(options.DataDirectory), MachineFacts.SystemInfo("process", version), options.Labels)];
        }

        var info = MachineFacts.SystemInfo("simulated", version);
        var labels = options.Labels.SetItem("controlplane.dev/simulated", "true");
        return [.. Enumerable.Range(0, options.SimulatedNodes).Select(index => new NodeIdentity($"{name}-{index:d5}", address, options.SimulatedCapacity, info, labels))];
    }
}
