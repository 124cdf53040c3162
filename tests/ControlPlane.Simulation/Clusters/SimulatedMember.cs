using ControlPlane.Raft;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Disks;
using ControlPlane.Store;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;

namespace ControlPlane.Simulation.Clusters;

/// <summary>One member: a directory that outlives crashes, and while it is up, the real turn on the real log over that directory.</summary>
internal sealed class SimulatedMember(SimulatedCluster cluster, ClusterIdentity identity)
{
    private static readonly LogOptions SmallSegments = new() { SegmentBytes = 16 << 10, SpareSegmentsMax = 1 };

    private readonly SimulatedDirectory _directory = new($"/simulated/{identity.Self.Name}", cluster.Random);
    private readonly List<TurnInput> _inbox = [];
    private bool _isTurnPlanned;
    private bool _isTickDue;

    public ReplicaId Id { get; } = new(identity.Self.MemberId);

    public string Name => identity.Self.Name;

    public DurableRecord Durable { get; } = new();

    /// <summary>Null while the member is down.</summary>
    public Process? Running { get; private set; }

    /// <summary>Nothing is processed before this time.</summary>
    public long PausedUntil { get; set; }

    public void Start()
    {
        Checkers.That(Running is null, "a member starts once");
        if (cluster.Faults.HasCrashes && cluster.Random.Chance(0.1)) _directory.CrashAfterOperations = cluster.Random.Below(30);
        try
        {
            var storage = MemberStorage.Open(_directory, SmallSegments);
            identity.Claim(storage, _directory.Path);
            var incarnation = IncarnationFile.Raise(_directory);
            Running = new Process(cluster, this, new MemberDisk(storage), identity, incarnation);
            Running.Begin();
        }
        catch (CrashException)
        {
            // Dies while it starts; the disk must still be good enough for the next start.
            Crash(isPowerCut: cluster.Random.Chance(0.5));
        }
    }

    /// <summary>Ends the process. A kill leaves what was written; a power cut takes what was not synced.</summary>
    public void Crash(bool isPowerCut)
    {
        Running = null;
        _inbox.Clear();
        _isTickDue = false;
        _directory.CrashAfterOperations = null;
        if (isPowerCut) _directory.CutPower();
        cluster.Log($"{Name} {(isPowerCut ? "loses power" : "is killed")}");
        cluster.Schedule.After(cluster.Random.Between(1_000, 3_000_000), () =>
        {
            if (Running is null) Start();
        });
    }

    /// <summary>Lets the process die inside one of its next disk operations.</summary>
    public void CrashSoon() => _directory.CrashAfterOperations = cluster.Random.Below(40);

    public void NeverCrash() => _directory.CrashAfterOperations = null;

    public void Post(TurnInput input)
    {
        if (Running is null) return;
        if (input is TurnInput.Tick) _isTickDue = true;
        else _inbox.Add(input);
        if (_isTurnPlanned) return;
        _isTurnPlanned = true;
        cluster.Schedule.After(Math.Max(cluster.Random.Between(0, 300), PausedUntil - cluster.Schedule.Now), Turn);
    }

    /// <summary>Runs disk or turn work of the present process; a crash inside it is the process's end.</summary>
    public void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (CrashException)
        {
            Crash(isPowerCut: cluster.Random.Chance(0.5));
        }
    }

    private void Turn()
    {
        _isTurnPlanned = false;
        if (Running is not { } process || (_inbox.Count == 0 && !_isTickDue)) return;
        if (PausedUntil > cluster.Schedule.Now)
        {
            _isTurnPlanned = true;
            cluster.Schedule.After(PausedUntil - cluster.Schedule.Now, Turn);
            return;
        }

        List<TurnInput> batch = [.. _inbox];
        _inbox.Clear();
        if (_isTickDue) batch.Add(TurnInput.Tick.One);
        _isTickDue = false;
        Guard(() => process.Core.Turn(batch));
        if (Running == process) cluster.Checkers.AfterTurn(this, process);
    }

    /// <summary>The part of a member that a crash takes.</summary>
    internal sealed class Process : IReplicaRim
    {
        private readonly SimulatedCluster _cluster;
        private readonly SimulatedMember _member;
        private readonly MemberDisk _disk;
        private readonly List<DiskWork> _diskWork = [];
        private bool _isWriting;

        public Process(SimulatedCluster cluster, SimulatedMember member, MemberDisk disk, ClusterIdentity identity, ulong incarnation)
        {
            (_cluster, _member, _disk) = (cluster, member, disk);
            var remembered = disk.Recall(identity.Initial);
            var node = remembered.ToNode(new RaftOptions { Self = member.Id, Seed = cluster.Random.Next(), AppendSizeBytesMax = 400, WindowMessagesMax = 4 });
            var options = new TurnOptions { RequestTicks = 60, ResendTicks = 10, SnapshotEntries = cluster.SnapshotEntries, KeptEntries = 10 };
            member.Durable.Found(node);
            Core = new ReplicaCore(options, node, remembered.State, incarnation, this);
        }

        public ReplicaCore Core { get; }

        public StoreView View { get; private set; } = null!;

        private bool IsAlive => _member.Running == this;

        public void Begin() => PlanTick();

        public void Persist(LogWrite write)
        {
            _cluster.Checkers.Appended(write.Entries);
            Queue(new DiskWork(write, null));
        }

        public void Send(PeerMessage message)
        {
            if (message is PeerMessage.Consensus { Message: VoteResponse { Granted: true } vote }) _cluster.Checkers.Voted(_member, vote);
            _cluster.Send(PeerCodec.Encode(message), message.From, message.To);
        }

        public void SendSnapshot(InstallSnapshot message)
        {
            byte[]? file = null;
            try
            {
                using var reader = _disk.OpenSnapshot(message.Snapshot);
                file = new byte[reader.FileLength];
                Checkers.That(reader.ReadFile(0, file) == file.Length, "a snapshot is as long as its file");
            }
            catch (IOException)
            {
                // Replaced by a newer one meanwhile; the next attempt sends that.
                file = null;
            }

            var encoded = PeerCodec.Encode(new PeerMessage.Consensus(message));
            _cluster.SendSnapshot(encoded, file, _member, message.To, isDelivered =>
            {
                if (IsAlive) _member.Post(new TurnInput.SnapshotSent(message.To, isDelivered));
            });
        }

        /// <summary>True when the snapshot is on the shelf and handed in.</summary>
        public bool TryReceive(byte[] encoded, byte[] file)
        {
            var isReceived = false;
            _member.Guard(() =>
            {
                var message = (InstallSnapshot)((PeerMessage.Consensus)PeerCodec.Decode(encoded)).Message;
                using var receiver = _disk.ReceiveSnapshot();
                Checkers.That(receiver.TryWrite(0, file), "a snapshot begins at its beginning");
                receiver.Complete();
                try
                {
                    _member.Post(new TurnInput.SnapshotReceived(new ReceivedSnapshot(message, _disk.Load(message.Snapshot))));
                    isReceived = true;
                }
                catch (IOException)
                {
                    // Late, and older than the two that the shelf keeps: it was removed as soon as it was there.
                    isReceived = false;
                }
            });
            return isReceived;
        }

        public void SaveSnapshot(ReplicaImage image) => Later(() => _member.Post(new TurnInput.SnapshotSaved(image.Mark, _disk.Save(image))));

        public void CompactLog(SnapshotMark newBase) => Queue(new DiskWork(null, newBase));

        public void Publish(StoreView view)
        {
            View = view;
            _cluster.Checkers.Published(_member, view);
        }

        public void Publish(Leadership leadership) => _cluster.Log($"{_member.Name}: {leadership}");

        public void Publish(IReadOnlyList<MemberStatus> members) => Checkers.That(members.Count > 0, "a member knows its members");

        private void PlanTick() => _cluster.Schedule.After(_cluster.Random.Between(45_000, 55_000), () =>
        {
            if (!IsAlive) return;
            _member.Post(TurnInput.Tick.One);
            PlanTick();
        });

        private void Queue(DiskWork work)
        {
            _diskWork.Add(work);
            if (!_isWriting) WorkOnDisk();
        }

        // As the host's disk thread: all that waits, in order, then one sync; what comes meanwhile waits for the next round.
        private void WorkOnDisk()
        {
            _isWriting = true;
            Later(() =>
            {
                List<DiskWork> batch = [.. _diskWork];
                _diskWork.Clear();
                foreach (var work in batch)
                {
                    if (work.Write is { } write) _disk.Write(write);
                    else _disk.Compact(work.NewBase!);
                }

                Later(() =>
                {
                    _disk.Sync();
                    foreach (var work in batch.Where(work => work.Write is not null)) _member.Durable.Synced(work.Write!);
                    if (batch.FindLast(work => work.Write is not null).Write is { } last) _member.Post(new TurnInput.Durable(last.Number));
                    _isWriting = false;
                    if (_diskWork.Count > 0) WorkOnDisk();
                });
            });
        }

        private void Later(Action work) => _cluster.Schedule.After(_cluster.Random.Between(50, _cluster.Faults.DiskMaxMicroseconds), () =>
        {
            if (IsAlive) _member.Guard(work);
        });

        private readonly record struct DiskWork(LogWrite? Write, SnapshotMark? NewBase);
    }
}
