using System.Collections.Concurrent;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness.Histories;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis.Workloads;

/// <summary>Follows a prefix through every fault: when its stream ends it goes on where it was, mostly at the same member, now and then at another.</summary>
internal sealed class Watcher(string name, string prefix, int home, Func<IReadOnlyList<MemberClient>> members, Random random)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);

    // Every watcher gets every change; one copy is enough.
    private static readonly ConcurrentDictionary<(long, string), KeyChange> Known = [];

    private readonly List<Receipt> _receipts = [];
    private long _next = 1;
    private long _reached;

    public string Prefix => prefix;

    /// <summary>The newest revision it was told of.</summary>
    public long Reached => Interlocked.Read(ref _reached);

    public int ResumptionCount { get; private set; }

    public int CompactionCount { get; private set; }

    /// <summary>To be asked after <see cref="RunAsync"/> has ended.</summary>
    public WatchRecord RecordThrough(long? revision) => new(name, prefix, 1, revision, _receipts);

    public async Task RunAsync(CancellationToken stop)
    {
        var isAtHome = true;
        while (!stop.IsCancellationRequested)
        {
            var reachable = members();
            var member = reachable[isAtHome ? home % reachable.Count : random.Next(reachable.Count)];
            try
            {
                await FollowAsync(member, stop);
            }
            catch (Exception ended) when (ended is RpcException or OperationCanceledException or InvalidOperationException)
            {
                if (stop.IsCancellationRequested) return;
            }

            isAtHome = random.Next(3) > 0;
            await Task.WhenAny(Task.Delay(RetryAfter, stop));
            _receipts.Add(new Receipt.Resumed(_next));
            ResumptionCount++;
        }
    }

    private async Task FollowAsync(MemberClient member, CancellationToken stop)
    {
        using var call = member.Watches.Watch(cancellationToken: stop);
        var create = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = MemberClient.EndOf(prefix), StartRevision = _next, ProgressNotify = true };
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = create }, stop);
        while (await call.ResponseStream.MoveNext(stop))
        {
            var response = call.ResponseStream.Current;
            if (response.Canceled)
            {
                if (response.CompactRevision > 0) Skip(response.CompactRevision);
                return;
            }

            if (response.Events.Count > 0) Take(response.Events);
            else if (!response.Created && response.Header.Revision >= _next) _receipts.Add(new Receipt.Progress(response.Header.Revision));
        }
    }

    private void Take(IEnumerable<Event> events)
    {
        foreach (var happened in events)
        {
            var key = happened.Kv.Key.ToStringUtf8();
            var change = new KeyChange(happened.Kv.ModRevision, key, happened.Type == Event.Types.EventType.Put ? happened.Kv.Value.ToStringUtf8() : null);
            var known = Known.GetOrAdd((change.Revision, key), change);
            _receipts.Add(new Receipt.Changed(known == change ? known : change));
            _next = change.Revision + 1;
            Interlocked.Exchange(ref _reached, change.Revision);
        }
    }

    private void Skip(long floor)
    {
        CompactionCount++;
        _receipts.Add(new Receipt.Compacted(floor));
        _next = floor;
    }
}
