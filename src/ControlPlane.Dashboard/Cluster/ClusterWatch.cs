using System.Collections.Concurrent;
using ControlPlane.Api.Clients;
using ControlPlane.Api.Errors;
using ControlPlane.Api.Kinds;
using ControlPlane.Api.Resources;

namespace ControlPlane.Dashboard.Cluster;

/// <summary>Keeps what the dashboard shows current, over the same watches as everybody. Begins when the first browser looks.</summary>
internal sealed class ClusterWatch
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly IResourceClient _client;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ConcurrentDictionary<(string Plural, string? Namespace, string Name), ResourceObject> _objects = new();
    private readonly Lazy<Task> _running;
    private long _version;

    public ClusterWatch(IResourceClient client, TimeProvider time, CancellationToken stopping)
    {
        _client = client;
        _time = time;
        _stopping = stopping;
        _running = new(() => Task.WhenAll(new[] { Node.Resource, Pod.Resource, Job.Resource, CronJob.Resource, Event.Resource }.Select(FollowAsync)));
    }

    /// <summary>Rises with every change.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Completes when the watches have ended, which is when the server stops.</summary>
    public Task Begin() => _running.Value;

    public ClusterSnapshot Snapshot() => new(
        [.. All<Node>(Node.Resource).OrderBy(node => node.Metadata.Name, StringComparer.Ordinal)],
        [.. All<Pod>(Pod.Resource).OrderByDescending(pod => pod.Metadata.CreationTimestamp).ThenBy(pod => pod.Metadata.Name, StringComparer.Ordinal)],
        [.. All<Job>(Job.Resource).OrderByDescending(job => job.Metadata.CreationTimestamp).ThenBy(job => job.Metadata.Name, StringComparer.Ordinal)],
        [.. All<CronJob>(CronJob.Resource).OrderBy(cron => cron.Metadata.Name, StringComparer.Ordinal)],
        [.. All<Event>(Event.Resource).OrderByDescending(news => news.LastTimestamp ?? news.EventTime ?? news.Metadata.CreationTimestamp).Take(ClusterSnapshot.RowsMax)],
        _time.GetUtcNow());

    private IEnumerable<T> All<T>(ResourceDescriptor resource) where T : class, IResource<T> =>
        _objects.Where(pair => pair.Key.Plural == resource.Plural).Select(pair => pair.Value.As<T>());

    private async Task FollowAsync(ResourceDescriptor resource)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var list = await _client.ListAsync(resource, ListQuery.All, _stopping);
                var listed = list.Items.Select(KeyOf).ToHashSet();
                foreach (var gone in _objects.Keys.Where(key => key.Plural == resource.Plural && !listed.Contains(key)).ToList()) _objects.TryRemove(gone, out _);
                foreach (var item in list.Items) _objects[KeyOf(item)] = item;
                Interlocked.Increment(ref _version);
                await foreach (var step in _client.WatchAsync(resource, ListQuery.All, list.Revision, _stopping))
                {
                    if (step.Object is not { } item) continue;
                    if (step.Type == WatchEventType.Deleted) _objects.TryRemove(KeyOf(item), out _);
                    else _objects[KeyOf(item)] = item;
                    Interlocked.Increment(ref _version);
                }
            }
            catch (Exception interruption) when (interruption is ApiException or IOException or HttpRequestException or TimeoutException)
            {
                // The store is between leaders, or the revision is too old: what is shown stays, and the list is read again.
                await WaitAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task WaitAsync()
    {
        try
        {
            await Task.Delay(RetryInterval, _time, _stopping);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private static (string, string?, string) KeyOf(ResourceObject item) => (item.Resource.Plural, item.Namespace, item.Name);
}
