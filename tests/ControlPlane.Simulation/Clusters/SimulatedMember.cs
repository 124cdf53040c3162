using ControlPlane.Raft;
using ControlPlane.Replica;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Checking;
using ControlPlane.Simulation.Disks;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Members;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Simulation.Clusters;

/// <summary>One member: a directory that outlives crashes, a clock that drifts, and while it is up, the real turn on the real log over that directory.</summary>
internal sealed class SimulatedMember
{
    public const int ElectionTicks = 10;
    public const int TickMicroseconds = 100_000;

    private static readonly LogOptions SmallSegments = new() { SegmentBytes = 8 << 10, SpareSegmentsMax = 1 };

    private readonly SimulatedCluster _cluster;
    private readonly ClusterIdentity _identity;
    private readonly List<TurnInput> _inbox = [];
    private readonly List<TurnInput> _batch = [];
    private readonly long _tickMicroseconds;
    private bool _isTurnPlanned;
    private bool _isTickDue;

    public SimulatedMember(SimulatedCluster cluster, ClusterIdentity identity)
    {
        (_cluster, _identity) = (cluster, identity);
        Directory = new SimulatedDirectory($"/simulated/{identity.Self.Name}", cluster.Random);
        var drift = cluster.Plan.DriftMax;
        _tickMicroseconds = (long)(TickMicroseconds * (1 - drift + 2 * drift * cluster.Random.Fraction()));
    }

    public ReplicaId Id => new(_identity.Self.MemberId);

    public string Name => _identity.Self.Name;

    public SimulatedDirectory Directory { get; }

    public DurableRecord Durable { get; } = new();

    /// <summary>Null while the member is down.</summary>
    public SimulatedProcess? Running { get; private set; }

    /// <summary>Nothing is processed before this time.</summary>
    public long PausedUntil { get; private set; }

    /// <summary>Every disk operation takes this much longer until <see cref="StalledUntil"/>.</summary>
    public long StallMicroseconds { get; private set; }

    public long StalledUntil { get; private set; }

    /// <summary>Removed from the group, and it knows: its machine is taken away.</summary>
    public bool IsRetired { get; private set; }

    private bool HasStarted { get; set; }

    public void Start()
    {
        if (Running is not null || IsRetired) return;
        var plan = _cluster.Nemesis.IsCalm ? null : _cluster.Plan;
        if (plan is { HasCrashes: true } or { HasPowerCuts: true } && _cluster.Random.Chance(0.1)) Directory.CrashAfterOperations = _cluster.Random.Below(30);
        try
        {
            var storage = MemberStorage.Open(Directory, SmallSegments);
            _identity.Claim(storage, Directory.Path);
            var incarnation = IncarnationFile.Raise(Directory);
            var process = new SimulatedProcess(_cluster, this, new MemberDisk(storage), _identity, incarnation);
            if (!HasStarted) Durable.Become(process.Core.Node);
            else if (Durable.Found(process.Core.Node) is { } problem) throw new BrokenPromiseException($"{Name} finds at a start what it had on its disk: {problem}");
            HasStarted = true;
            Running = process;
            process.Begin();
            _cluster.Trace.Story?.Add($"{Name} starts: term {process.Core.Node.Term}, log {process.Core.Node.CompactedTo}..{process.Core.Node.LastIndex}");
            PlanTick(process);
        }
        catch (CrashException)
        {
            // Dies while it starts; the disk must still be good enough for the next start.
            Crash(IsPowerCut());
        }
        catch (Exception refusal) when (refusal is DamagedException or InvalidDataException or UnusableDataDirectoryException)
        {
            // A rotten disk may be refused; then its operator brings the lost sector back from the mirror.
            Promise.That(Directory.IsRotten, $"{Name} starts on what a crash left: {refusal.Message}");
            _cluster.Trace.Story?.Add($"{Name} refuses to start: {refusal.Message}");
            Directory.Heal();
            PlanStart();
        }
        catch (Exception failure) when (failure is StorageFullException or StorageFailedException or IOException)
        {
            Promise.That(Directory.IsFull || Directory.HasFailed, $"{Name} starts on a disk that works: {failure.Message}");
            Crash(isPowerCut: false);
        }
    }

    /// <summary>Ends the process. A kill leaves what was written; a power cut takes what was not synced.</summary>
    public void Crash(bool isPowerCut)
    {
        var ended = Running;
        Running = null;
        _inbox.Clear();
        _isTickDue = false;
        Directory.CrashAfterOperations = null;
        if (isPowerCut) Directory.CutPower();
        _cluster.Trace.Story?.Add($"{Name} {(isPowerCut ? "loses power" : "is killed")}");
        if (!isPowerCut && !_cluster.Nemesis.IsCalm && _cluster.Plan.HasRot && !Directory.IsRotten && _cluster.Random.Chance(0.3))
        {
            var where = Directory.Rot();
            _cluster.Trace.Story?.Add($"{Name}'s disk rots: {where}");
        }

        if (ended is not null) _cluster.Ended(ended);
        PlanStart();
    }

    public void Retire()
    {
        IsRetired = true;
        if (Running is not { } ended) return;
        Running = null;
        _inbox.Clear();
        _cluster.Ended(ended);
    }

    public void Pause(long microseconds) => PausedUntil = _cluster.Schedule.Now + microseconds;

    public void Stall(long eachMicroseconds, long microseconds) => (StallMicroseconds, StalledUntil) = (eachMicroseconds, _cluster.Schedule.Now + microseconds);

    /// <summary>Ticks that come all at once: the clock jumped ahead.</summary>
    public void JumpAhead(int ticks)
    {
        for (var i = 0; i < ticks; i++) _cluster.Schedule.After(i * 1_000, () => Post(TurnInput.Tick.One));
    }

    /// <summary>No more faults: what was planned does not happen, what runs goes on at once.</summary>
    public void Calm()
    {
        (PausedUntil, StalledUntil) = (0, 0);
        (Directory.CrashAfterOperations, Directory.FailAfterOperations, Directory.IsFull) = (null, null, false);
        Start();
    }

    public void Post(TurnInput input)
    {
        if (Running is null) return;
        if (input is TurnInput.Tick) _isTickDue = true;
        else _inbox.Add(input);
        if (_isTurnPlanned) return;
        _isTurnPlanned = true;
        _cluster.Schedule.After(_cluster.Random.Between(0, 300), Turn);
    }

    /// <summary>Later, in this life of the process only, and not while it is paused.</summary>
    public void After(SimulatedProcess process, long microseconds, Action work) => _cluster.Schedule.After(microseconds, () =>
    {
        if (Running != process) return;
        if (PausedUntil > _cluster.Schedule.Now) After(process, PausedUntil - _cluster.Schedule.Now, work);
        else Guard(work);
    });

    /// <summary>Runs disk or turn work of the present process; a crash or a disk that fails inside it is the process's end.</summary>
    public void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (CrashException)
        {
            Crash(IsPowerCut());
        }
        catch (StorageFailedException failure)
        {
            // Nothing is known of the disk any more: the host stops the process (fsync is not tried again).
            Promise.That(Directory.HasFailed || Directory.IsFull, $"{Name}'s disk works: {failure.Message}");
            _cluster.Trace.Story?.Add($"{Name} stops: {failure.Message}");
            Crash(isPowerCut: false);
        }
    }

    private bool IsPowerCut() => _cluster.Plan.HasPowerCuts && (!_cluster.Plan.HasCrashes || _cluster.Random.Chance(0.5));

    private void PlanStart() => _cluster.Schedule.After(_cluster.Random.Between(1_000, _cluster.Nemesis.IsCalm ? 100_000 : 3_000_000), Start);

    private void PlanTick(SimulatedProcess process) => _cluster.Schedule.After(_tickMicroseconds + _cluster.Random.Below(2_000), () =>
    {
        if (Running != process) return;
        Post(TurnInput.Tick.One);
        PlanTick(process);
    });

    private void Turn()
    {
        _isTurnPlanned = false;
        if (Running is not { } process || (_inbox.Count == 0 && !_isTickDue)) return;
        if (PausedUntil > _cluster.Schedule.Now)
        {
            _isTurnPlanned = true;
            _cluster.Schedule.After(PausedUntil - _cluster.Schedule.Now, Turn);
            return;
        }

        // As the host: what arrived first, and a late tick counts once.
        _batch.Clear();
        _batch.AddRange(_inbox);
        _inbox.Clear();
        var isTick = _isTickDue;
        if (isTick) _batch.Add(TurnInput.Tick.One);
        _isTickDue = false;
        process.Before(_batch, isTick);
        Guard(() => process.Core.Turn(_batch));
        if (Running == process) _cluster.Checkers.AfterTurn(this, process, isTick);
    }
}
