using ControlPlane.Etcd.Protocol;
using ControlPlane.Store;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Client;

/// <summary>Keeps a <see cref="Mirror"/> current: loads everything once, then follows a watch, from member to member as they fail.</summary>
internal sealed class MirrorFeed(EtcdEndpoints endpoints, KeyLayout layout, Mirror mirror, EtcdStoreOptions options)
{
    // A page of 1 KB objects is half a megabyte: large enough to be quick, small enough not to hold up the member's other answers.
    private const int PageRecords = 500;

    private static readonly TimeSpan BackoffBase = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BackoffMax = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile OpenWatch? _watch;
    private ulong _clusterId;

    /// <summary>Completes when the mirror holds a whole state.</summary>
    public Task Loaded => _loaded.Task;

    /// <summary>Whether a watch is open.</summary>
    public bool IsFollowing => _watch is not null;

    /// <summary>Gives up the present watch and opens another with the next member: whoever calls knows of a revision that this one does not deliver.</summary>
    public void Reopen() => _watch?.GiveUp();

    /// <summary>Asks the watch to tell how far it is; false when this etcd's answer can not be trusted to come after all events, or there is no watch.</summary>
    public async Task<bool> TryAskProgressAsync()
    {
        if (_watch is not { TellsProgress: true } watch) return false;
        await watch.AskProgressAsync();
        return true;
    }

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var mustLoad = true;
        var backoff = BackoffBase;
        string? trouble = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var connection = endpoints.Current;
            try
            {
                if (mustLoad)
                {
                    await LoadAsync(connection, cancellationToken);
                    mustLoad = false;
                    _loaded.TrySetResult();
                }

                await FollowAsync(connection, Answered, cancellationToken);
                endpoints.Leave(connection);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (RpcException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (EventsLostException lost)
            {
                options.Notice($"loading everything from etcd again: {lost.Message}");
                mustLoad = true;
            }
            catch (Exception failed) when (failed is RpcException or OperationCanceledException or IOException)
            {
                endpoints.Leave(connection);
                var reason = failed is RpcException rpc ? rpc.Status.Detail : failed.Message;
                if (trouble is null) options.Notice($"no watch on etcd at {connection.Endpoint}: {reason}");
                trouble = reason;
            }

            // Up to half as long again, so that the servers of one control plane do not come all at once.
            await Task.Delay(backoff * (1 + Random.Shared.NextDouble() / 2), options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            backoff = backoff * 2 < BackoffMax ? backoff * 2 : BackoffMax;
        }

        void Answered()
        {
            backoff = BackoffBase;
            if (trouble is not null) options.Notice("following etcd again");
            trouble = null;
        }
    }

    /// <summary>Everything under the prefix at one revision, page by page.</summary>
    private async Task LoadAsync(EtcdConnection connection, CancellationToken cancellationToken)
    {
        var records = new List<KeyValue>();
        var request = new RangeRequest { Key = layout.First, RangeEnd = layout.End, Limit = PageRecords };
        while (true)
        {
            RangeResponse page;
            try
            {
                page = await connection.Keys.RangeAsync(request, deadline: Deadline(), cancellationToken: cancellationToken);
            }
            catch (RpcException compacted) when (compacted.StatusCode == StatusCode.OutOfRange)
            {
                throw new EventsLostException($"revision {request.Revision} was compacted while it was read");
            }

            VerifyCluster(connection, page.Header);
            if (request.Revision == 0) request.Revision = page.Header.Revision;
            records.AddRange(page.Kvs);
            if (!page.More) break;
            request.Key = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
        }

        var revision = new Revision(request.Revision);
        // Readers were promised that the store only ever grows newer.
        if (revision < mirror.Revision) throw new IOException($"etcd is at revision {revision}, but revision {mirror.Revision} was seen; waiting for a member that has it");
        mirror.Load(revision, records);
    }

    private async Task FollowAsync(EtcdConnection connection, Action answered, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var status = await connection.Maintenance.StatusAsync(new StatusRequest(), deadline: Deadline(), cancellationToken: ending.Token);
        using var call = connection.Watches.Watch(EtcdConnection.NeedsLeader(), cancellationToken: ending.Token);
        using var watch = new OpenWatch(call, ending, EtcdVersion.TellsProgressInOrder(status.Version));
        await call.RequestStream.WriteAsync(new WatchRequest
        {
            CreateRequest = new WatchCreateRequest
            {
                Key = layout.First,
                RangeEnd = layout.End,
                // What is known already, not what comes next: etcd takes a watch that starts where it was compacted, but keeps no deletions of that very
                // revision (etcd-io/etcd#19179). Started here, everything that is news lies above the compaction, or etcd says that it is gone.
                StartRevision = Math.Max(1, mirror.Revision.Value),
                ProgressNotify = true,
                Fragment = true,
            },
        });
        try
        {
            var batch = new WatchBatch(mirror);
            // A member that takes the stream and says nothing is no better than one that is gone.
            ending.CancelAfter(options.RequestTimeout);
            while (await call.ResponseStream.MoveNext(ending.Token))
            {
                var response = call.ResponseStream.Current;
                if (response.Created)
                {
                    ending.CancelAfter(Timeout.InfiniteTimeSpan);
                    VerifyCluster(connection, response.Header);
                    _watch = watch;
                    answered();
                }

                batch.Take(response);
            }
        }
        finally
        {
            _watch = null;
        }
    }

    private void VerifyCluster(EtcdConnection connection, ResponseHeader header)
    {
        if (_clusterId == 0) _clusterId = header.ClusterId;
        if (_clusterId == header.ClusterId) return;
        options.Fatal(new InvalidOperationException(
            $"{connection.Endpoint} belongs to etcd cluster {header.ClusterId:x}, but this server follows cluster {_clusterId:x}; name members of one cluster, or restart after etcd was restored from a snapshot"));
        throw new IOException($"{connection.Endpoint} belongs to another etcd cluster");
    }

    private DateTime Deadline() => Calls.Deadline(options.RequestTimeout);
}
