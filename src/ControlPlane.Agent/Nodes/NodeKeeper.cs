using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Patches;
using ControlPlane.Api.Resources;
using ControlPlane.Client;

namespace ControlPlane.Agent.Nodes;

/// <summary>Keeps nodes known and alive in the API: registers them, renews their leases, repeats their status. One or ten thousand: a handful of
/// workers share them, and renewals are spread evenly over the interval.</summary>
internal sealed class NodeKeeper : IAsyncDisposable
{
    public const string LeaseNamespace = "kube-node-lease";

    // Enough to fill a server's write batches, few enough not to crowd out others.
    private const int WorkersMax = 48;

    private readonly IResourceClient _client;
    private readonly TimeProvider _time;
    private readonly NodeKeeperOptions _options;
    private readonly IReadOnlyList<NodeIdentity> _nodes;
    private readonly Func<NodePressure> _pressure;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task[] _workers = [];
    private int _registeredCount;

    /// <param name="pressure">Asked at every status.</param>
    public NodeKeeper(IResourceClient client, TimeProvider time, NodeKeeperOptions options, IReadOnlyList<NodeIdentity> nodes, Func<NodePressure> pressure)
    {
        _client = client;
        _time = time;
        _options = options;
        _nodes = nodes;
        _pressure = pressure;
    }

    /// <summary>Completes when every node is in the API.</summary>
    public Task WhenRegistered => _registered.Task;

    public void Start()
    {
        var workers = Math.Min(_nodes.Count, WorkersMax);
        _workers = [.. Enumerable.Range(0, workers).Select(worker => Task.Run(() => KeepAsync(worker, workers, _stopping.Token)))];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_workers);
        _stopping.Dispose();
    }

    private async Task KeepAsync(int worker, int workers, CancellationToken cancellationToken)
    {
        var mine = _nodes.Where((_, index) => index % workers == worker).Select(node => new KeptNode(node)).ToList();
        try
        {
            foreach (var kept in mine) await RegisterAsync(kept, cancellationToken);
            for (var round = _time.GetUtcNow(); ; round += _options.LeaseRenewInterval)
            {
                for (var index = 0; index < mine.Count; index++)
                {
                    // Node k of n is due at k/n of the interval, and workers stand apart by a fraction of a node's share.
                    var share = (index + ((double)worker / workers)) / mine.Count;
                    await WaitUntilAsync(round + (_options.LeaseRenewInterval * share), cancellationToken);
                    await RenewAsync(mine[index], cancellationToken);
                }

                // After a long absence of the server the rounds that were missed are not made up for.
                var now = _time.GetUtcNow();
                if (now > round + (2 * _options.LeaseRenewInterval)) round = now - _options.LeaseRenewInterval;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent stops. Its nodes stay; when their leases run out, the control plane sees that they are gone.
        }
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        var wait = due - _time.GetUtcNow();
        if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, cancellationToken);
    }

    private async Task RegisterAsync(KeptNode kept, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                await RegisterOnceAsync(kept, cancellationToken);
                await RenewLeaseAsync(kept, cancellationToken);
                var count = Interlocked.Increment(ref _registeredCount);
                if (count % 1000 == 0 && count < _nodes.Count) _options.Notice($"{count} of {_nodes.Count} nodes registered");
                if (count == _nodes.Count)
                {
                    _options.Notice(count == 1 ? $"node {kept.Identity.Name} registered" : $"{count} nodes registered");
                    _registered.TrySetResult();
                }

                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failures++;
                if (exception is ApiException { Status.Code: 401 })
                {
                    if (failures == 1) _options.Notice($"the servers do not accept the token or certificate of node {kept.Identity.Name}: start the agent with this cluster's join token (--token) or kubeconfig; still trying");
                }
                else if (failures == 5) _options.Notice($"node {kept.Identity.Name} could not be registered yet: {exception.Message}; still trying");
                await Task.Delay(Backoff.Connections.After(failures, Random.Shared.NextDouble()), _time, cancellationToken);
            }
        }
    }

    private async Task RegisterOnceAsync(KeptNode kept, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        ResourceObject node;
        var isNew = true;
        try
        {
            node = await _client.CreateAsync(Node.Resource, null, Bytes(NodeDocument.Create(kept.Identity, _pressure(), now)), WriteQuery.Default, cancellationToken);
        }
        catch (ApiException refusal) when (refusal.IsAlreadyExists)
        {
            isNew = false;
            node = await _client.PatchAsync(KeyOf(kept), null, PatchKind.Merge, Bytes(NodeDocument.LabelPatch(kept.Identity)), WriteQuery.Default, cancellationToken);
        }

        kept.Uid = node.Uid;
        kept.StatusWrittenAt = now;
        kept.RenewedAt = now;

        // A server may take the status of a new node at once, or want it separately.
        var known = node.As<Node>();
        if (!isNew || known.Status.Capacity is null) await WriteStatusAsync(kept, isTransition: !known.IsReady, cancellationToken);
    }

    private async Task RenewAsync(KeptNode kept, CancellationToken cancellationToken)
    {
        try
        {
            // A process that was suspended has not failed in anything, and was silent all the same.
            var wasSilent = kept.HasFailed || _time.GetUtcNow() - kept.RenewedAt >= _options.LeaseDuration;
            await RenewLeaseAsync(kept, cancellationToken);
            if (wasSilent || _time.GetUtcNow() - kept.StatusWrittenAt >= _options.StatusInterval)
            {
                // After a silence the control plane may have called the node unknown: say at once that it is ready.
                await WriteStatusAsync(kept, isTransition: wasSilent, cancellationToken);
            }

            kept.HasFailed = false;
            kept.RenewedAt = _time.GetUtcNow();
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Somebody deleted the node, or the cluster is a new one.
            _options.Notice($"node {kept.Identity.Name} is no longer known to the API; registering it again");
            await RegisterAsync(kept, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // The next round is the retry: a lease outlives three missed renewals.
            kept.HasFailed = true;
        }
    }

    private async Task WriteStatusAsync(KeptNode kept, bool isTransition, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var patch = NodeDocument.StatusPatch(kept.Identity, _pressure(), now, isTransition ? now : null);
        await _client.PatchAsync(KeyOf(kept), "status", PatchKind.StrategicMerge, Bytes(patch), WriteQuery.Default, cancellationToken);
        kept.StatusWrittenAt = now;
    }

    private async Task RenewLeaseAsync(KeptNode kept, CancellationToken cancellationToken)
    {
        var now = MicroTimeConverter.Format(_time.GetUtcNow());
        var key = new ResourceKey(Lease.Resource, LeaseNamespace, kept.Identity.Name);
        if (kept.HasLease)
        {
            try
            {
                await _client.PatchAsync(key, null, PatchKind.Merge, Encoding.UTF8.GetBytes($$$"""{"spec":{"renewTime":"{{{now}}}"}}"""), WriteQuery.Default, cancellationToken);
                return;
            }
            catch (ApiException refusal) when (refusal.IsNotFound)
            {
                kept.HasLease = false;
            }
        }

        var spec = new JsonObject
        {
            ["holderIdentity"] = kept.Identity.Name,
            ["leaseDurationSeconds"] = (int)_options.LeaseDuration.TotalSeconds,
            ["renewTime"] = now,
        };
        try
        {
            var lease = new JsonObject
            {
                ["apiVersion"] = "coordination.k8s.io/v1",
                ["kind"] = "Lease",
                ["metadata"] = new JsonObject
                {
                    ["name"] = kept.Identity.Name,
                    ["namespace"] = LeaseNamespace,

                    // So that the lease goes when the node is deleted.
                    ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = kept.Identity.Name, ["uid"] = kept.Uid }),
                },
                ["spec"] = spec,
            };
            await _client.CreateAsync(Lease.Resource, LeaseNamespace, Bytes(lease), WriteQuery.Default, cancellationToken);
        }
        catch (ApiException refusal) when (refusal.IsAlreadyExists)
        {
            await _client.PatchAsync(key, null, PatchKind.Merge, Bytes(new JsonObject { ["spec"] = spec.DeepClone() }), WriteQuery.Default, cancellationToken);
        }

        kept.HasLease = true;
    }

    private static ResourceKey KeyOf(KeptNode kept) => new(Node.Resource, null, kept.Identity.Name);

    private static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());

    private sealed class KeptNode(NodeIdentity identity)
    {
        public NodeIdentity Identity => identity;

        public string Uid { get; set; } = "";

        public bool HasLease { get; set; }

        /// <summary>The last renewal did not reach the API.</summary>
        public bool HasFailed { get; set; }

        public DateTimeOffset StatusWrittenAt { get; set; }

        /// <summary>The last sign of life that reached the API.</summary>
        public DateTimeOffset RenewedAt { get; set; }
    }
}

/// <param name="LeaseRenewInterval">A fourth of <paramref name="LeaseDuration"/>, so that three may be lost.</param>
/// <param name="StatusInterval">How often the status is repeated when nothing changes.</param>
/// <param name="Notice">For progress and troubles, one line each.</param>
internal sealed record NodeKeeperOptions(TimeSpan LeaseRenewInterval, TimeSpan LeaseDuration, TimeSpan StatusInterval, Action<string> Notice);
