using System.Text;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;

namespace ControlPlane.Tests.Raft.Scenarios;

/// <summary>One member of a scenario: the real core on a disk that can be held, with a map of strings as its state.</summary>
internal sealed class ScenarioMember
{
    public const int ElectionTicks = 10;

    private readonly ScenarioCluster _cluster;
    private readonly Effects _effects = new();
    private readonly Queue<Write> _inFlight = new();
    private readonly RaftOptions _options;

    // The disk: what survives a crash.
    private HardState _hardState = HardState.Initial;
    private SnapshotMark _snapshot;
    private SnapshotMark _logBase;
    private readonly List<Entry> _log = [];

    public ScenarioMember(ScenarioCluster cluster, RaftOptions options, Configuration initial)
    {
        (_cluster, _options) = (cluster, options);
        _snapshot = _logBase = new SnapshotMark(LogIndex.Zero, Term.Zero, initial);
        Node = Start();
    }

    public ReplicaId Id => _options.Self;

    public RaftNode Node { get; private set; }

    public bool IsUp { get; private set; } = true;

    public bool IsDiskHeld { get; set; }

    /// <summary>Writes are on their way to the disk.</summary>
    public bool HasWrites => _inFlight.Count > 0;

    public SortedDictionary<string, string> State { get; private set; } = [];

    /// <summary>Indexes that are applied, with the term they were applied at.</summary>
    public Dictionary<ulong, Term> AppliedTerms { get; } = [];

    public Dictionary<ulong, Answer> Answers { get; } = [];

    public void Step(Input input)
    {
        if (!IsUp) return;
        var before = Node.Role;
        Node.Step(input, _effects);
        CarryOut();
        if (!IsDiskHeld) FlushDisk();
        if (Node.Role == Role.Leader && before != Role.Leader) _cluster.Say($"{Id}: leader, term {Node.Term}");
        if (Node.Role != Role.Leader && before == Role.Leader) _cluster.Say($"{Id}: no longer leader, term {Node.Term}");
    }

    /// <summary>Ends the writes that are on their way.</summary>
    public void FlushDisk()
    {
        while (_inFlight.Count > 0) FlushOneWrite();
    }

    public void FlushOneWrite()
    {
        var write = _inFlight.Dequeue();
        if (write.HardState is { } hardState) _hardState = hardState;
        if (write.Install is { } install)
        {
            _snapshot = _logBase = install;
            _log.Clear();
        }

        foreach (var entry in write.Entries)
        {
            _log.RemoveAll(held => held.Index >= entry.Index);
            _log.Add(entry);
        }

        Step(new Input.Persisted(write.Number));
    }

    public void Crash()
    {
        IsUp = false;
        _inFlight.Clear();
        _effects.Clear();
        IsDiskHeld = false;
    }

    public void Restart()
    {
        IsUp = true;
        Node = Start();
    }

    public void TakeSnapshot(int keepCount)
    {
        var mark = Node.MarkAt(Node.Applied);
        _cluster.States[(mark.Term, mark.Index)] = new(State);
        var compactTo = new LogIndex(mark.Index.Value - Math.Min((ulong)keepCount, mark.Index.Value));
        Step(new Input.SnapshotTaken(mark, compactTo));
        _snapshot = mark;
        _logBase = Node.MarkAt(Node.CompactedTo);
        _log.RemoveAll(entry => entry.Index <= Node.CompactedTo);
    }

    public string Status()
    {
        if (!IsUp) return $"{Id}: down";
        var log = new StringBuilder();
        if (Node.CompactedTo > LogIndex.Zero) log.Append($" [..{Node.CompactedTo}]");
        for (var index = Node.CompactedTo.Next; index <= Node.LastIndex; index = index.Next)
        {
            var entry = Node.Log[index];
            log.Append(' ').Append(entry.Term).Append(':').Append(Transcript.Show(entry));
        }

        return $"{Id}: {Node.Role.ToString().ToLowerInvariant()}, term {Node.Term}, commit {Node.Commit}, durable {Node.Durable}, log{log}";
    }

    /// <summary>What this leader knows of a peer.</summary>
    public string ProgressOf(ReplicaId peer) => Node.Reign!.ProgressOf(peer) is { } progress
        ? $"{peer}: {progress.State.ToString().ToLowerInvariant()}, match {progress.Match}, next {progress.Next}{(progress.MaySend ? "" : ", waits")}"
        : $"{peer}: no peer";

    public string Membership() =>
        $"{Id}: {Transcript.Show(Node.Configuration)}{(Node.ConfigurationIndex > Node.Commit ? ", not committed" : "")}";

    private RaftNode Start()
    {
        State = _snapshot.Index == LogIndex.Zero ? [] : new(_cluster.States[(_snapshot.Term, _snapshot.Index)]);
        return new RaftNode(_options, _hardState, _snapshot, _log, _logBase);
    }

    private void CarryOut()
    {
        if (_effects.WriteNumber != 0) _inFlight.Enqueue(new Write(_effects.WriteNumber, _effects.HardState, _effects.Install, [.. _effects.Entries]));
        if (_effects.Install is { } install)
        {
            State = new(_cluster.States[(install.Term, install.Index)]);
            _cluster.Say($"{Id}: installs the snapshot at {install.Index}");
        }

        foreach (var message in _effects.Messages) _cluster.Send(message);
        foreach (var entry in _effects.Committed)
        {
            _cluster.CheckAgreement(entry);
            AppliedTerms[entry.Index.Value] = entry.Term;
            if (entry.Kind != EntryKind.Command) continue;
            var parts = Encoding.UTF8.GetString(entry.Data.Span).Split('=');
            State[parts[0]] = parts[1];
        }

        foreach (var answer in _effects.Answers) Answers[answer.Context] = answer;
        _effects.Clear();
    }

    private sealed record Write(ulong Number, HardState? HardState, SnapshotMark? Install, IReadOnlyList<Entry> Entries);
}
