using System.Collections.Concurrent;
using ControlPlane.Raft;
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
    private readonly Dictionary<ReplicaId, PeerLink> _links = [];
    private readonly ConcurrentDictionary<Task, bool> _background = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReplicaOptions _options;
    private readonly RaftNode _node;
    private readonly PeerConnector _connector;
    private readonly DiskThread _diskThread;
    private readonly Action<TurnInput> _post;
    private readonly Action<TurnInput> _tryPost;
    private volatile IReadOnlyList<MemberStatus> _members = [];

    /// <param name="post">Waits when the loop is far behind; never called by the loop itself.</param>
    /// <param name="tryPost">Gives up when the loop is far behind.</param>
    public HostRim(
        ReplicaOptions options, RaftNode node, PeerConnector connector, MemberDisk disk, DiskThread diskThread,
        Action<TurnInput> post, Action<TurnInput> tryPost, StoreView view)
    {
        (_options, _node, _connector, Disk, _diskThread, _post, _tryPost) = (options, node, connector, disk, diskThread, post, tryPost);
        View = new Published<StoreView>(view);
        Leadership = new Published<Leadership>(new Leadership(new MemberId(node.Self.Value), null, (long)node.Term.Value, IsReady: false));
        foreach (var member in node.Configuration.Members) LinkTo(member.Id);
    }

    public MemberDisk Disk { get; }

    public Published<StoreView> View { get; }

    public Published<Leadership> Leadership { get; }

    public IReadOnlyList<MemberStatus> Members => _members;

    public void Persist(LogWrite write) => _diskThread.Write(write);

    public void Send(PeerMessage message) => LinkTo(message.To)?.Send(message);

    public void SendSnapshot(InstallSnapshot message)
    {
        var address = AddressOf(message.To);
        InBackground(async () =>
        {
            var isDelivered = false;
            try
            {
                if (address is null) return;
                using var snapshot = Disk.OpenSnapshot(message.Snapshot);
                await using var stream = await _connector.ConnectAsync(address, message.To, ConnectionKind.Snapshot, _stopping.Token);
                await SnapshotTransfer.SendAsync(stream, message, snapshot, _stopping.Token);
                isDelivered = true;
            }
            catch (Exception problem) when (problem is IOException or InvalidDataException or DamagedException or OperationCanceledException)
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

    public void Publish(Leadership leadership) => Leadership.Publish(leadership);

    public void Publish(IReadOnlyList<MemberStatus> members) => _members = members;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_background.Keys);
        foreach (var link in _links.Values) await link.DisposeAsync();
        _stopping.Dispose();
    }

    private string? AddressOf(ReplicaId peer) => _node.Configuration.Members.FirstOrDefault(member => member.Id == peer)?.PeerAddress;

    // Answers to a candidate this member does not know yet find no address and are lost; it learns the configuration with the log.
    private PeerLink? LinkTo(ReplicaId peer)
    {
        if (peer == _node.Self) return null;
        if (_links.TryGetValue(peer, out var link)) return link;
        if (AddressOf(peer) is not { } address) return null;
        link = new PeerLink(_connector, peer, address, _options.TimeProvider, _options.Notice, () => _tryPost(new TurnInput.PeerLost(peer)));
        _links.Add(peer, link);
        return link;
    }

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
