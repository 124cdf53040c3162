using ControlPlane.Replica;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>The store's seam over an existing etcd cluster: etcd keeps and orders everything; this is a copy of it that follows, and the way in.</summary>
/// <remarks>Revisions, versions and leases are etcd's own. All members may be called from any thread. Cancelling a call stops waiting; a proposal that was
/// handed in may still be committed. docs/adr/0018 tells what differs from a group of our own.</remarks>
public sealed class EtcdStore : IReplicatedStore, IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    // A member that is silent for so long is left for the next one; etcd's own elections take about a second.
    private static readonly TimeSpan ReadTryTimeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly EtcdStoreOptions _options;
    private readonly EtcdEndpoints _endpoints;
    private readonly Mirror _mirror;
    private readonly MirrorFeed _feed;
    private readonly ReadIndex _readIndex;
    private readonly CatchUp _catchUp;
    private readonly LeaseClock _leases;
    private readonly Proposals _proposals;
    private readonly Candidacy _candidacy;
    private readonly List<Task> _work = [];

    private EtcdStore(EtcdStoreOptions options)
    {
        var layout = new KeyLayout(options.Prefix);
        _options = options;
        _endpoints = new EtcdEndpoints(options.Endpoints, options.Credentials);
        _mirror = new Mirror(layout);
        _feed = new MirrorFeed(_endpoints, layout, _mirror, options);
        _readIndex = new ReadIndex(_endpoints, layout, options.RequestTimeout < ReadTryTimeout ? options.RequestTimeout : ReadTryTimeout);
        _catchUp = new CatchUp(_endpoints, layout, _mirror, _feed, options);
        _leases = new LeaseClock(_endpoints, _mirror, options);
        _mirror.LeaseSeen = _leases.Seen;
        _proposals = new Proposals(_endpoints, layout, _mirror, _catchUp, _leases, options);
        _candidacy = new Candidacy(_endpoints, layout, _mirror, options);
        Start(_feed.RunAsync);
        Start(_leases.RunAsync);
        if (options.HistoryDuration is { } history) Start(stop => new CompactionDuty(_endpoints, layout, this, options).RunAsync(history, stop));
    }

    public StoreView Latest => _mirror.View.Value;

    public Leadership Leadership => _candidacy.Leadership;

    public IReadOnlyList<MemberStatus> Members => _candidacy.Members;

    /// <summary>Completes when the state is copied; waits, and says so in a notice, while etcd does not answer.</summary>
    public static async Task<EtcdStore> OpenAsync(EtcdStoreOptions options, CancellationToken cancellationToken)
    {
        var store = new EtcdStore(options);
        try
        {
            await store._feed.Loaded.WaitAsync(cancellationToken);
            // Not before: a leader must have the state.
            store.Start(store._candidacy.RunAsync);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<StoreView> ReadAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.RequestTimeout);
        try
        {
            var seen = _mirror.Revision;
            var revision = await AskAsync(patience.Token);
            if (revision < seen) _options.Fatal(new InvalidOperationException($"etcd's majority is at revision {revision}, but revision {seen} was seen here: etcd has lost what it had acknowledged"));
            await _catchUp.ReachAsync(revision, patience.Token);
            return Latest;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException($"etcd at {_endpoints} did not show its newest state in {_options.RequestTimeout.TotalSeconds} s");
        }
        catch (ObjectDisposedException)
        {
            throw new StoreUnavailableException("the server is stopping");
        }
    }

    public async Task<ProposalOutcome> ProposeAsync(Command command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await _proposals.ProposeAsync(command).WaitAsync(cancellationToken);
    }

    public async ValueTask WaitForChangeAsync(Revision after, CancellationToken cancellationToken) =>
        await _mirror.View.WaitAsync(view => view.Revision > after, cancellationToken);

    public ValueTask<Leadership> WaitForLeadershipChangeAsync(Leadership seen, CancellationToken cancellationToken) =>
        _candidacy.WaitForChangeAsync(seen, cancellationToken);

    public TimeSpan? LeaseRemaining(LeaseId lease) => _leases.Remaining(lease);

    /// <summary>Gives leadership back first, so that another server leads at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await Task.WhenAll(_work);
        _endpoints.Dispose();
        await _readIndex.IdleAsync();
        _stopping.Dispose();
    }

    /// <summary>The first answer of any member.</summary>
    private async Task<Revision> AskAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await _readIndex.AskAsync().WaitAsync(cancellationToken);
            }
            catch (RpcException failed)
            {
                if (!CallFailure.IsOfTheMember(failed)) throw new StoreUnavailableException($"etcd refused a read: {failed.Status.Detail}");
                await Task.Delay(RetryDelay, _options.TimeProvider, cancellationToken);
            }
        }
    }

    private void Start(Func<CancellationToken, Task> work) => _work.Add(Task.Run(async () =>
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (Exception bug)
        {
            _options.Fatal(bug);
        }
    }));
}
