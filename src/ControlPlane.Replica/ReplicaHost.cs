using System.Threading.Channels;
using ControlPlane.Raft;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Peers;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica;

/// <summary>One member of the group on a real disk, clock and network: a loop that takes turns, a thread that writes the log, and connections to the peers.</summary>
/// <remarks>All members of the interface may be called from any thread. Cancelling a call stops waiting; a proposal that was handed in may still be committed.</remarks>
public sealed class ReplicaHost : IReplicatedStore, IMemberOperations, IAsyncDisposable
{
    // A turn takes what is there, up to this: enough to share a sync among many, few enough that heartbeats are answered in between.
    private const int TurnInputsMax = 1024;

    // What waits for the loop; a fuller queue makes callers and peers wait, which is the back-pressure wanted.
    private const int QueuedInputsMax = 16_384;

    // Whoever hands something to a loop that waits runs the turn on its own thread: the disk's word that a write is durable becomes an answer without
    // waking another thread in between. TurnAsync sees to it that nobody is kept for more than one turn.
    private readonly Channel<TurnInput> _inputs = Channel.CreateBounded<TurnInput>(
        new BoundedChannelOptions(QueuedInputsMax) { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly CancellationTokenSource _stopping = new();
    private readonly ReplicaOptions _options;
    private readonly ClusterIdentity _identity;
    private readonly DirectoryLock _lock;
    private readonly MemberStorage _storage;
    private readonly HostRim _rim;
    private readonly ReplicaCore _core;
    private readonly DiskThread _disk;
    private readonly PeerListener? _listener;
    private readonly GuestList _guests;
    private readonly MemberDesk _desk;
    private readonly TaskCompletionSource<string> _expelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _introduced;
    private readonly Task _turning;
    private readonly Task _ticking;
    private volatile string? _diskFull;

    // The question that reads share until a turn takes it; whoever comes later may have seen a newer write and needs a newer answer.
    private TaskCompletionSource<StoreView?>? _openRead;
    private int _hasFailed;
    private int _isTickQueued;

    private ReplicaHost(ReplicaOptions options, ClusterIdentity identity, DirectoryLock directoryLock, MemberStorage storage, IStorageDirectory directory)
    {
        (_options, _identity, _lock, _storage) = (options, identity, directoryLock, storage);
        var self = new ReplicaId(identity.Self.MemberId);
        var disk = new MemberDisk(storage, options.HistoryBytes);
        var remembered = disk.Recall(identity.Initial);
        var node = remembered.ToNode(new RaftOptions
        {
            Self = self,
            // The time of the start makes members that start together draw differently even if their ids were alike.
            Seed = self.Value ^ (ulong)options.TimeProvider.GetUtcNow().Ticks,
            ElectionTicks = options.ElectionTicks,
            LeaseReads = options.LeaseReads,
        });
        CheckFloor(node.Configuration, options);
        var own = new Introduction(identity.Self.Name, identity.Self.DiskId, options.Level);
        _guests = new GuestList(identity.Self, node.Configuration, new PeerBook(directory));
        var connector = new PeerConnector(identity.Self, own, options.PeerAdvertise ?? options.PeerListen ?? "", options.Tls, _guests);
        _desk = new MemberDesk(TryPostAsync, this, identity.Self.ClusterId);
        _disk = new DiskThread(disk, number => Post(new TurnInput.Durable(number)), Fail, SetDiskFull);
        _rim = new HostRim(options, node, connector, _guests, disk, _disk, Post, input => _inputs.Writer.TryWrite(input), Expel, remembered.State.View);
        _core = new ReplicaCore(TurnOptionsOf(options), node, remembered.State, IncarnationFile.Raise(directory), _rim, own);
        if (options.PeerListen is not null || node.Configuration.Members.Any(member => member.Id != self))
        {
            _listener = new PeerListener(connector, ListenAddress(node), options.Notice, ServePeerAsync);
        }

        // On a new disk it may be a member that was wiped: whoever remembers gets the chance to say so before this one gives a vote.
        _introduced = identity.IsNew ? _rim.FirstCallsAsync() : Task.CompletedTask;
        _turning = Task.Run(TurnAsync);
        _ticking = Task.Run(TickAsync);
        // Nobody else can be waited for.
        IsAlone = node.Configuration.IsSoleVoter(self);
        if (IsAlone) Post(new TurnInput.Campaign());
    }

    public StoreView Latest => _rim.View.Value;

    public Leadership Leadership => _rim.Leadership.Value;

    public IReadOnlyList<MemberStatus> Members => _rim.Members;

    /// <summary>Completes with the reason when the group has no place for this member (any more): it was removed, its data is gone, its program is too old. It
    /// takes part in nothing from then on; what is left is to stop it.</summary>
    public Task<string> Expelled => _expelled.Task;

    /// <summary>The lowest version level that a member's program may have.</summary>
    public int VersionFloor => _guests.Committed.VersionFloor;

    public MemberState State
    {
        get
        {
            var (progress, view) = (_core.Progress, Latest);
            return new MemberState(
                _desk.ClusterId, Leadership.Self, Leadership, progress.LastIndex, progress.CommitIndex, progress.AppliedIndex, progress.IsLearner,
                DiskSizeBytes(), view.LiveBytes, view.QuotaBytes, [.. view.Alarms.Select(alarm => new MemberAlarm(new MemberId(alarm.Member), alarm.Kind))])
            {
                VersionFloor = VersionFloor,
                Cluster = _identity.Self.ClusterId,
            };
        }
    }

    // When it was opened.
    private bool IsAlone { get; }

    /// <summary>Opens the member. A cluster of one leads and is complete when this returns; a member of several has begun to listen and to call its peers.</summary>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="UnusableDataDirectoryException">The data directory is another member's, in use, full or damaged; the message says which and what to do.</exception>
    public static async Task<ReplicaHost> OpenAsync(ReplicaOptions options, CancellationToken cancellationToken)
    {
        // Refused before a directory is made.
        if (options.InitialCluster.Count > 0) ClusterIdentity.Of(options.Name, options.InitialCluster);
        // Reading back a large log takes a while; not on the caller's thread.
        var host = await Task.Run(() => OpenHereAsync(options, cancellationToken), cancellationToken);
        try
        {
            if (host.IsAlone)
            {
                await host._rim.Leadership.WaitAsync(leadership => leadership is { IsLeader: true, IsReady: true }, cancellationToken);
                await host.TellOwnAddressAsync(cancellationToken);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<StoreView> ReadAsync(CancellationToken cancellationToken)
    {
        var read = Volatile.Read(ref _openRead) ?? OpenRead();
        return await read.Task.WaitAsync(cancellationToken)
            ?? throw new StoreUnavailableException("no majority confirmed in time who leads; retry when the members see each other again");
    }

    public async Task<ProposalOutcome> ProposeAsync(Command command, CancellationToken cancellationToken)
    {
        if (_diskFull is { } full) return new ProposalOutcome.Rejected($"this member's disk is full: {full}");
        var completion = new TaskCompletionSource<ProposalOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await TryPostAsync(new TurnInput.Propose(CommandCodec.Encode(command), completion.SetResult), cancellationToken)) return new ProposalOutcome.NotLeader(null);
        return await completion.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask WaitForChangeAsync(Revision after, CancellationToken cancellationToken) =>
        await _rim.View.WaitAsync(view => view.Revision > after, cancellationToken);

    public ValueTask<Leadership> WaitForLeadershipChangeAsync(Leadership seen, CancellationToken cancellationToken) =>
        _rim.Leadership.WaitAsync(leadership => leadership != seen, cancellationToken);

    /// <summary>For tests that look at or damage what lies behind the loop.</summary>
    internal ReplicaCore Core => _core;

    public TimeSpan? LeaseRemaining(LeaseId lease) => _core.LeaseRemaining(lease);

    /// <inheritdoc/>
    /// <exception cref="FormatException">The name or the address is not one.</exception>
    public Task<MembershipOutcome> AddLearnerAsync(string? name, string peerAddress, CancellationToken cancellationToken) =>
        _desk.AddLearnerAsync(name, peerAddress, cancellationToken);

    public Task<MembershipOutcome> PromoteAsync(MemberId member, CancellationToken cancellationToken) => _desk.PromoteAsync(member, cancellationToken);

    public Task<MembershipOutcome> RemoveAsync(MemberId member, CancellationToken cancellationToken) => _desk.RemoveAsync(member, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="FormatException">The address is not one.</exception>
    public Task<MembershipOutcome> UpdateAddressAsync(MemberId member, string peerAddress, CancellationToken cancellationToken) =>
        _desk.UpdateAddressAsync(member, peerAddress, cancellationToken);

    public Task<MembershipOutcome> MoveLeaderAsync(MemberId? target, CancellationToken cancellationToken) => _desk.MoveLeaderAsync(target, cancellationToken);

    public Task WriteSnapshotAsync(Stream destination, CancellationToken cancellationToken) => _desk.WriteSnapshotAsync(destination, cancellationToken);

    /// <summary>Asks to hand leadership to another member; watch <see cref="Leadership"/> for what comes of it. Does nothing on a member that does not lead.</summary>
    public void TransferLeadership(MemberId target) => Post(new TurnInput.Transfer(new ReplicaId(target.Value)));

    /// <summary>Stops without handing over: the others elect within an election timeout. Open calls end as unknown or unavailable.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        _inputs.Writer.TryComplete();
        await _ticking;
        await _turning;
        if (_listener is not null) await _listener.DisposeAsync();
        await _rim.DisposeAsync();
        _disk.Dispose();
        _storage.Dispose();
        _lock.Dispose();
        _stopping.Dispose();
    }

    private static async Task<ReplicaHost> OpenHereAsync(ReplicaOptions options, CancellationToken cancellationToken)
    {
        DirectoryLock? directoryLock = null;
        MemberStorage? storage = null;
        try
        {
            var directory = new DiskDirectory(options.DataDirectory);
            directoryLock = DirectoryLock.Take(options.DataDirectory);
            storage = MemberStorage.Open(directory);
            foreach (var damage in storage.SnapshotDamage) options.Notice($"going on from an older snapshot: {damage.Message}");
            var identity = await StartingIdentity.FindAsync(options, storage, directory, cancellationToken);
            return new ReplicaHost(options, identity, directoryLock, storage, directory);
        }
        catch (Exception refused)
        {
            storage?.Dispose();
            directoryLock?.Dispose();
            if (refused is DirectoryInUseException or DamagedException or StorageFullException or StorageFailedException) throw new UnusableDataDirectoryException(refused.Message, refused);
            throw;
        }
    }

    private static void CheckFloor(Raft.Membership.Configuration newest, ReplicaOptions options)
    {
        if (options.Level >= newest.VersionFloor) return;
        throw new UnusableDataDirectoryException(
            $"the group's version floor is {newest.VersionFloor}, this program understands {options.Level}: it is older than what wrote {options.DataDirectory}; start the newer program");
    }

    private static TurnOptions TurnOptionsOf(ReplicaOptions options) => new()
    {
        ElectionTicks = options.ElectionTicks,
        RequestTicks = Math.Max(1, (int)(options.RequestTimeout / options.Tick)),
        SnapshotEntries = options.SnapshotEntries,
        SnapshotBytes = options.SnapshotBytes,
        KeptEntries = (ulong)options.KeptEntries,
        KeptBytes = options.KeptBytes,
        TicksPerSecond = TimeSpan.FromSeconds(1) / options.Tick,
        LeaseCheckpointTicks = Math.Max(1, (int)(options.LeaseCheckpointInterval / options.Tick)),
        LeaseGraceTicks = 2 * options.ElectionTicks,
        QuotaBytes = options.QuotaBytes,
        CompareTicks = Math.Max(1, (int)(options.CompareInterval / options.Tick)),
        HistoryTicks = options.HistoryDuration is { } kept ? Math.Max(1, (long)(kept / options.Tick)) : null,
    };

    private string ListenAddress(RaftNode node) =>
        _options.PeerListen
        ?? _options.InitialCluster.FirstOrDefault(member => member.Name == _options.Name)?.Address
        ?? node.Configuration.Members.First(member => member.Id == node.Self).PeerAddress;

    // A cluster of one that was made without a place to listen has port 0 in its configuration; once it has one, others must find it.
    private async Task TellOwnAddressAsync(CancellationToken cancellationToken)
    {
        if ((_options.PeerAdvertise ?? _options.PeerListen) is not { } address || Members.SingleOrDefault(member => member.Id == Leadership.Self) is not { } self) return;
        if (PeerAddress.SplitAddress(self.PeerAddress).Port == 0) await UpdateAddressAsync(self.Id, address, cancellationToken);
    }

    private long DiskSizeBytes()
    {
        try
        {
            return new DirectoryInfo(_options.DataDirectory).EnumerateFiles().Sum(file => file.Length);
        }
        catch (IOException)
        {
            // A file went while it was looked at; the figure is for an operator's eyes.
            return 0;
        }
    }

    private void Expel(string reason)
    {
        if (!_expelled.TrySetResult(reason)) return;
        _options.Notice(reason);
        _inputs.Writer.TryComplete();
    }

    private TaskCompletionSource<StoreView?> OpenRead()
    {
        var opened = new TaskCompletionSource<StoreView?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _openRead, opened, null) is { } other) return other;
        _ = PostAsync();
        return opened;

        async Task PostAsync()
        {
            if (!await TryPostAsync(new TurnInput.Read(opened.SetResult), CancellationToken.None)) opened.SetResult(null);
        }
    }

    private async Task TurnAsync()
    {
        var batch = new List<TurnInput>(TurnInputsMax);
        var watch = _options.LeaseReads ? new TickWatch(_options.TimeProvider, _options.Tick) : null;
        try
        {
            while (true)
            {
                var waiting = _inputs.Reader.WaitToReadAsync();
                var isBorrowedThread = !waiting.IsCompleted;
                if (!await waiting) break;
                var hasTick = false;
                while (batch.Count < TurnInputsMax && _inputs.Reader.TryRead(out var input))
                {
                    // Late ticks count once, and after everything that arrived before this process could look.
                    if (input is not TurnInput.Tick) batch.Add(input);
                    else (hasTick, _isTickQueued) = (true, 0);
                }

                if (hasTick) batch.Add(TurnInput.Tick.One);
                if (!_introduced.IsCompleted) batch.RemoveAll(static input => input is TurnInput.FromPeer or TurnInput.SnapshotReceived or TurnInput.Tick);
                Interlocked.Exchange(ref _openRead, null);
                // No read joins this batch any more: a lease that holds now makes right what they will be told.
                if (watch?.IsLate(hasTick) == true) batch.Insert(0, TurnInput.Late.Known);
                if (_stopping.IsCancellationRequested || _expelled.Task.IsCompleted)
                {
                    AbandonNew(batch);
                }
                else
                {
                    _core.Turn(batch);
                    if (hasTick) _rim.Tick();
                }

                batch.Clear();
                if (isBorrowedThread && _inputs.Reader.TryPeek(out _)) await Task.Yield();
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        finally
        {
            _core.Abandon();
            while (_inputs.Reader.TryRead(out var late)) AbandonNew([late]);
        }
    }

    // Handed in while the member stops: never proposed, never asked.
    private static void AbandonNew(IReadOnlyList<TurnInput> inputs)
    {
        foreach (var input in inputs)
        {
            if (input is TurnInput.Propose propose) propose.Complete(new ProposalOutcome.NotLeader(null));
            if (input is TurnInput.Read read) read.Complete(null);
            if (input is TurnInput.ChangeMembers change) change.Complete(new MembershipOutcome.Refused(MembershipProblem.NoLeader, "the member is stopping"));
            if (input is TurnInput.TakeImage image) image.Complete(null);
        }
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(_options.Tick, _options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                // One in the queue at a time: a loop that is behind must not take old ticks for time that passes now.
                if (Interlocked.Exchange(ref _isTickQueued, 1) == 0) await _inputs.Writer.WriteAsync(TurnInput.Tick.One, _stopping.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ChannelClosedException)
        {
            return;
        }
    }

    private async Task ServePeerAsync(Stream stream, Hello hello, CancellationToken cancellationToken)
    {
        _rim.Meet(hello.From, hello.Address);
        // False when this member stops or was expelled: then nobody needs to hear more.
        if (!await TryPostAsync(new TurnInput.PeerIntroduced(hello.From, hello.Caller), cancellationToken)) return;
        if (hello.Kind == ConnectionKind.Snapshot)
        {
            var received = await SnapshotTransfer.ReceiveAsync(stream, _rim.Disk, _rim.Reception, cancellationToken);
            if (!await TryPostAsync(new TurnInput.SnapshotReceived(received), cancellationToken)) return;
            await SnapshotTransfer.ConfirmAsync(stream, cancellationToken);
            return;
        }

        var frames = new FrameReader(stream);
        while (await frames.ReadAsync(cancellationToken) is { } payload)
        {
            var message = PeerCodec.Decode(payload);
            if (message.From != hello.From || message.To != _core.Node.Self || message is PeerMessage.Consensus { Message: Raft.Messages.InstallSnapshot })
            {
                throw new InvalidDataException($"peer {hello.From} sent a message that does not belong on this connection");
            }

            // A member that was removed while it was connected must call again to hear so.
            if (_guests.Committed.Removed.Contains(hello.From)) return;
            if (!await TryPostAsync(new TurnInput.FromPeer(message), cancellationToken)) return;
        }
    }

    /// <summary>For threads that must not lose what they say; waits when the loop is far behind.</summary>
    private void Post(TurnInput input)
    {
        if (_inputs.Writer.TryWrite(input)) return;
        var waiting = _inputs.Writer.WriteAsync(input).AsTask();
        // Closed means stopping: then nobody needs to know any more.
        waiting.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default).Wait();
    }

    private async ValueTask<bool> TryPostAsync(TurnInput input, CancellationToken cancellationToken)
    {
        if (_inputs.Writer.TryWrite(input)) return true;
        try
        {
            await _inputs.Writer.WriteAsync(input, cancellationToken);
            return true;
        }
        catch (ChannelClosedException)
        {
            return false;
        }
    }

    private void SetDiskFull(string? problem)
    {
        if (problem != _diskFull) _options.Notice(problem ?? $"there is room again in {_options.DataDirectory}");
        _diskFull = problem;
        Post(new TurnInput.DiskFull(problem));
    }

    private void Fail(Exception exception)
    {
        if (Interlocked.Exchange(ref _hasFailed, 1) != 0) return;
        _inputs.Writer.TryComplete();
        _options.Fatal(exception);
    }
}
