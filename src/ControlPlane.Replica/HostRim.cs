using System.Collections.Concurrent;
using ControlPlane.Raft;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Peers;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica;

/// <summary>The real side effects of a turn. Called by the loop only; what it publishes is read by anybody.</summary>
internal sealed class HostRim : IReplicaRim, IAsyncDisposable
{
    // Often enough that a silent member is one that cannot be reached, before an election timeout is over.
    private const int PingTicks = 3;

    private readonly Dictionary<ReplicaId, PeerLink> _links = [];
    private readonly ConcurrentDictionary<ReplicaId, string> _callers = [];
    private readonly ConcurrentDictionary<Task, bool> _background = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReplicaOptions _options;
    private readonly RaftNode _node;
    private readonly PeerConnector _connector;
    private readonly GuestList _guests;
    private readonly Action<string> _expel;
    private readonly DiskThread _diskThread;
    private readonly Action<TurnInput> _post;
    private readonly Action<TurnInput> _tryPost;
    private volatile IReadOnlyList<MemberStatus> _members = [];
    private IReadOnlyDictionary<ReplicaId, string> _addresses = new Dictionary<ReplicaId, string>();
    private CancellationTokenSource _reign;
    private int _ticks;

    /// <param name="post">Waits when the loop is far behind; never called by the loop itself.</param>
    /// <param name="tryPost">Gives up when the loop is far behind.</param>
    /// <param name="expel">Told when the group has no place for this member; any thread, more than once.</param>
    public HostRim(
        ReplicaOptions options, RaftNode node, PeerConnector connector, GuestList guests, MemberDisk disk, DiskThread diskThread,
        Action<TurnInput> post, Action<TurnInput> tryPost, Action<string> expel, StoreView view)
    {
        (_options, _node, _connector, _guests, Disk, _diskThread) = (options, node, connector, guests, disk, diskThread);
        Reception = new SnapshotReception(disk);
        (_post, _tryPost, _expel) = (post, tryPost, expel);
        _reign = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        View = new Published<StoreView>(view);
        Leadership = new Published<Leadership>(new Leadership(new MemberId(node.Self.Value), null, (long)node.Term.Value, IsReady: false));
    }

    public MemberDisk Disk { get; }

    public SnapshotReception Reception { get; }

    public Published<StoreView> View { get; }

    public Published<Leadership> Leadership { get; }

    public IReadOnlyList<MemberStatus> Members => _members;

    public void Persist(LogWrite write) => _diskThread.Write(write);

    public void Send(PeerMessage message) => LinkTo(message.To)?.Send(message);

    /// <summary>Somebody called who belongs to the group; any thread.</summary>
    /// <param name="address">Where it says that others reach it; empty, or of no use to others, when it was not told.</param>
    public void Meet(ReplicaId peer, string address)
    {
        if (PeerAddress.IsReachable(address)) _callers[peer] = address;
    }

    public void SendSnapshot(InstallSnapshot message)
    {
        var address = _addresses.GetValueOrDefault(message.To);
        var ended = _reign.Token;
        InBackground(async () =>
        {
            var isDelivered = false;
            try
            {
                if (address is null) return;
                using var snapshot = Disk.OpenSnapshot(message.Snapshot);
                var sending = new SnapshotSending(
                    message, snapshot, until => _connector.ConnectAsync(address, message.To, ConnectionKind.Snapshot, until), _options.TimeProvider, _options.Notice);
                isDelivered = await sending.RunAsync(ended);
            }
            catch (Exception problem) when (problem is IOException or DamagedException)
            {
                _options.Notice($"snapshot for peer {message.To}: {problem.Message}");
            }
            finally
            {
                _post(new TurnInput.SnapshotSent(message.To, isDelivered));
            }
        });
    }

    public void SaveSnapshot(ReplicaImage image) => InBackground(() =>
    {
        try
        {
            _post(new TurnInput.SnapshotSaved(image.Mark, Disk.Save(image)));
        }
        catch (StorageFullException full)
        {
            _options.Notice(full.Message);
            _post(new TurnInput.SnapshotNotSaved());
        }

        return Task.CompletedTask;
    });

    public void CompactLog(SnapshotMark newBase) => _diskThread.Compact(newBase);

    public void Publish(StoreView view)
    {
        if (!ReferenceEquals(view, View.Value)) View.Publish(view);
    }

    public void Publish(Leadership leadership)
    {
        if (Leadership.Value.IsLeader && !leadership.IsLeader)
        {
            // Snapshots on their way are the next leader's business.
            _reign.Cancel();
            _reign = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        }

        Leadership.Publish(leadership);
    }

    public void Publish(IReadOnlyList<MemberStatus> members) => _members = [.. members.Select(WithSilence)];

    public void Follow(Configuration newest, Configuration committed)
    {
        _guests.Follow(committed);
        // Whoever is being removed is talked to until that is sure, and whoever is being added from the start.
        var others = newest.Members.Concat(committed.Members).DistinctBy(member => member.Id).Where(member => member.Id != _node.Self).ToList();
        _addresses = others.ToDictionary(member => member.Id, member => member.PeerAddress);
        foreach (var (peer, link) in _links.ToList())
        {
            if (_addresses.GetValueOrDefault(peer) == link.Address) continue;
            _links.Remove(peer);
            InBackground(async () => await link.DisposeAsync());
        }

        foreach (var member in others.Where(member => !_links.ContainsKey(member.Id))) _links.Add(member.Id, NewLink(member.Id, member.PeerAddress));
        if (committed.Removed.Contains(_node.Self)) _expel($"this member, {_options.Name}, was removed from the group; to bring this machine back, empty its data directory and add it as a new member");
    }

    /// <summary>Completes when every member that was known when it was called has answered a call, or not in time.</summary>
    public Task FirstCallsAsync() => Task.WhenAll(_links.Values.Select(link => link.FirstCall));

    /// <summary>Called by the loop after each of its ticks.</summary>
    public void Tick()
    {
        if (++_ticks % PingTicks != 0) return;
        foreach (var (peer, link) in _links) link.BreakSilence(new PeerMessage.Ping(_node.Self, peer));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var link in _links.Values) await link.DisposeAsync();
        await Task.WhenAll(_background.Keys);
        Reception.Dispose();
        _reign.Dispose();
        _stopping.Dispose();
    }

    private MemberStatus WithSilence(MemberStatus member) => member.SilentTicks <= _options.ElectionTicks ? member : member with
    {
        UnreachableSince = _options.TimeProvider.GetUtcNow() - (member.SilentTicks * _options.Tick),
    };

    // Who lags behind a change must answer the leader and the candidate that it does not know yet, or it would lag for ever: a refusal that is lost is
    // never repaired. Where to, they said when they called.
    private PeerLink? LinkTo(ReplicaId peer)
    {
        if (_links.TryGetValue(peer, out var link)) return link;
        if (_guests.Committed.Removed.Contains(peer) || !_callers.TryGetValue(peer, out var address)) return null;
        link = NewLink(peer, address);
        _links.Add(peer, link);
        return link;
    }

    private PeerLink NewLink(ReplicaId peer, string address) => new(
        _connector, peer, address, _options.TimeProvider, _options.Notice,
        lost: () => _tryPost(new TurnInput.PeerLost(peer)),
        refused: refusal =>
        {
            if (refusal.IsFinal) _expel(refusal.Message);
        });

    private void InBackground(Func<Task> work)
    {
        var task = Task.Run(work);
        _background.TryAdd(task, true);
        task.ContinueWith(
            ended =>
            {
                _background.TryRemove(ended, out _);
                if (ended.Exception is { } bug) _options.Fatal(bug.InnerException ?? bug);
            },
            TaskScheduler.Default);
    }
}
