using System.Text;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Tests.Scenarios;

namespace ControlPlane.Tests.Raft.Scenarios;

/// <summary>Members and the network between them, driven by the lines of a scenario.</summary>
internal sealed class ScenarioCluster : IStage
{
    private readonly SortedDictionary<ulong, ScenarioMember> _members = [];
    private readonly LinkedList<Message> _network = new();
    private readonly HashSet<(ulong From, ulong To)> _cutLinks = [];
    private readonly HashSet<(ulong From, ulong To)> _heldLinks = [];
    private readonly List<Message> _record = [];
    private readonly Dictionary<LogIndex, Term> _committed = [];
    private readonly StringBuilder _output = new();
    private Message? _kept;
    private bool _isTracing;
    private RaftOptions _options = new() { Self = default, Seed = 0, ElectionTicks = ScenarioMember.ElectionTicks };
    private ulong _nextContext = 1;

    /// <summary>States of snapshots, by what they stand for: equal on every member, or the agreement check has failed before.</summary>
    public Dictionary<(Term, LogIndex), SortedDictionary<string, string>> States { get; } = [];

    public IReadOnlyCollection<ScenarioMember> Members => _members.Values;

    /// <summary>The highest index that any member has applied: committed, whoever knows it.</summary>
    public LogIndex Committed => _committed.Count == 0 ? LogIndex.Zero : _committed.Keys.Max();

    /// <summary>The number of the next write or read.</summary>
    public ulong NextContext => _nextContext;

    public string TakeOutput()
    {
        var output = _output.ToString();
        _output.Clear();
        return output.Length == 0 ? "ok\n" : output;
    }

    public void Say(string line) => _output.Append(line).Append('\n');

    public void Send(Message message)
    {
        _record.Add(message);
        _network.AddLast(message);
    }

    /// <summary>Every entry applied anywhere must be the one applied everywhere.</summary>
    public void CheckAgreement(Entry entry)
    {
        if (_committed.TryAdd(entry.Index, entry.Term)) return;
        Assert.Equal(_committed[entry.Index], entry.Term);
    }

    public void Run(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "cluster":
                Create(int.Parse(words[1]), words[2..]);
                break;
            case "patience":
                EndPatience();
                break;
            case "elect":
                EndPatience();
                Member(words[1]).Step(new Input.Campaign());
                Deliver();
                break;
            case "campaign":
                Member(words[1]).Step(new Input.Campaign());
                break;
            case "put":
                Put(words[1], At(words) ?? Leader());
                break;
            case "propose":
                Propose(words[1], At(words) ?? Leader());
                break;
            case "read":
                Read(Member(words[1]), words[2]);
                break;
            case "ask":
                Say($"read {Ask(Member(words[1]))} asked");
                break;
            case "answer":
                Say(AnswerOf(Member(words[1]), ulong.Parse(words[2]), words[3]));
                break;
            case "tick":
                Tick(words[1], int.Parse(words[2]));
                break;
            case "late":
                Member(words[1]).Step(new Input.Late());
                break;
            case "forget-leader":
                Member(words[1]).Step(new Input.ForgetLeader());
                break;
            case "unreachable":
                Member(words[1]).Step(new Input.Unreachable(Member(words[2]).Id));
                break;
            case "progress":
                foreach (var member in _members.Values.Where(member => member.Id != Leader().Id)) Say(Leader().ProgressOf(member.Id));
                break;
            case "deliver":
                Deliver();
                break;
            case "partition":
                Partition(line["partition".Length..]);
                break;
            case "cut":
                Links(words).ForEach(link => _cutLinks.Add(link));
                break;
            case "hold":
                Links(words).ForEach(link => _heldLinks.Add(link));
                break;
            case "release":
                Links(words).ForEach(link => _heldLinks.Remove(link));
                Deliver();
                break;
            case "pass":
                Pass(words[1], words[2]);
                break;
            case "heal":
                _cutLinks.Clear();
                _heldLinks.Clear();
                Deliver();
                break;
            case "repeat":
                Repeat(words[1], Number(words[2]), Number(words[3]));
                break;
            case "keep":
                _kept = Recorded(words[1], Number(words[2]), Number(words[3]));
                break;
            case "replay":
                _network.AddLast(_kept!);
                Deliver();
                break;
            case "overtake":
                Overtake(words[1]);
                break;
            case "lose":
                foreach (var message in _network.ToList().Where(message => message.GetType().Name == words[1])) _network.Remove(message);
                break;
            case "hold-disk":
                Member(words[1]).IsDiskHeld = true;
                break;
            case "flush-disk":
                Member(words[1]).IsDiskHeld = false;
                Member(words[1]).FlushDisk();
                Deliver();
                break;
            case "flush-one-write":
                Member(words[1]).FlushOneWrite();
                Deliver();
                break;
            case "crash":
                Member(words[1]).Crash();
                break;
            case "restart":
                Member(words[1]).Restart();
                break;
            case "snapshot":
                Member(words[1]).TakeSnapshot(int.Parse(words[2]));
                break;
            case "sent":
                Member(words[1]).Step(new Input.SnapshotSent(Member(words[2]).Id, Delivered: true));
                Deliver();
                break;
            case "transfer":
                Leader().Step(new Input.Transfer(Member(words[1]).Id));
                Deliver();
                break;
            case "join":
                // Members that nobody knows yet: an empty log, and no idea who votes.
                foreach (var number in words[1..]) AddMember(MemberOf(number).Id, new Configuration([], [], []));
                break;
            case "voters":
                Change(ConfigurationOf(words[1..]), Leader());
                break;
            case "status":
                foreach (var member in _members.Values) Say(member.Status());
                break;
            case "config":
                foreach (var member in _members.Values.Where(member => member.IsUp)) Say(member.Membership());
                break;
            case "state":
                foreach (var member in _members.Values) Say($"{member.Id}: {string.Join(' ', member.State.Select(pair => $"{pair.Key}={pair.Value}"))}");
                break;
            case "trace":
                _isTracing = words[1] == "on";
                break;
            default:
                throw new FormatException($"unknown command: {line}");
        }
    }

    // After the count: "one-entry" (a message), "window=2" (messages), "window-bytes=100", "uncommitted=200" (bytes), "leases".
    private void Create(int count, string[] words)
    {
        foreach (var word in words)
        {
            var parts = word.Split('=');
            _options = parts[0] switch
            {
                "one-entry" => _options with { AppendSizeBytesMax = 1 },
                "window-bytes" => _options with { WindowBytesMax = long.Parse(parts[1]) },
                "window" => _options with { WindowMessagesMax = int.Parse(parts[1]) },
                "uncommitted" => _options with { UncommittedBytesMax = long.Parse(parts[1]) },
                "leases" => _options with { LeaseReads = true },
                _ => throw new FormatException($"unknown option of a cluster: {word}"),
            };
        }

        var configuration = Configuration.Of(Enumerable.Range(1, count).Select(number => MemberOf(number.ToString())));
        foreach (var voter in configuration.Voters) AddMember(voter.Id, configuration);
    }

    private void AddMember(ReplicaId id, Configuration initial) => _members[id.Value] = new ScenarioMember(this, _options with { Self = id, Seed = id.Value }, initial);

    private void Change(Configuration next, ScenarioMember member)
    {
        member.Step(new Input.ChangeConfiguration(_nextContext, next));
        SayRefusal(member, _nextContext++);
    }

    // "1 2 3 learners 4": the members before the word vote, those after it only follow.
    private static Configuration ConfigurationOf(string[] words)
    {
        var voters = words.TakeWhile(word => word != "learners").ToList();
        return Configuration.Of(voters.Select(MemberOf)) with { Learners = [.. words.Skip(voters.Count + 1).Select(MemberOf)] };
    }

    private static Member MemberOf(string number) => new(new ReplicaId(ulong.Parse(number)), $"s{number}", $"127.0.0.1:{number}");

    private static ulong Number(string word) => ulong.Parse(word);

    private ScenarioMember Member(string number) => _members[ulong.Parse(number)];

    private ScenarioMember? At(string[] words) => words.Length > 3 && words[2] == "at" ? Member(words[3]) : null;

    private ScenarioMember Leader() =>
        _members.Values.Where(member => member.IsUp && member.Node.Role == Role.Leader).MaxBy(member => member.Node.Term.Value)
        ?? throw new InvalidOperationException("nobody leads");

    // A message to itself is no message; "1-2" is both directions, "1>2" one.
    private static List<(ulong, ulong)> Links(string[] words) => [.. words[1..].SelectMany(word => word.Contains('>')
        ? new[] { (Number(word.Split('>')[0]), Number(word.Split('>')[1])) }
        : [(Number(word.Split('-')[0]), Number(word.Split('-')[1])), (Number(word.Split('-')[1]), Number(word.Split('-')[0]))])];

    private void Partition(string groups)
    {
        var sides = groups.Split('|').Select(side => side.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ulong.Parse).ToHashSet()).ToList();
        _cutLinks.Clear();
        foreach (var from in _members.Keys)
        {
            foreach (var to in _members.Keys.Where(to => !sides.Any(side => side.Contains(from) && side.Contains(to)))) _cutLinks.Add((from, to));
        }
    }

    // Followers stop protecting a leader they have not heard for an election timeout. What they send themselves meanwhile is dropped.
    private void EndPatience()
    {
        var before = _network.Count;
        foreach (var member in _members.Values.Where(member => member.Node.Role != Role.Leader))
        {
            for (var i = 0; i < ScenarioMember.ElectionTicks; i++) member.Step(Input.Tick.One);
        }

        while (_network.Count > before) _network.RemoveLast();
    }

    // The first message of this kind on a held link goes through.
    private void Pass(string kind, string link)
    {
        var ends = link.Split('>').Select(ulong.Parse).ToArray();
        var message = _network.FirstOrDefault(held => held.GetType().Name == kind && held.From.Value == ends[0] && held.To.Value == ends[1])
            ?? throw new InvalidOperationException($"no {kind} is held on {link}");
        Pass(message);
    }

    private void Pass(Message message)
    {
        _network.Remove(message);
        if (_isTracing) Say($"{message.From}→{message.To} {Transcript.Show(message)}");
        _members[message.To.Value].Step(new Input.Receive(message));
        Deliver();
    }

    private void Tick(string who, int count)
    {
        for (var i = 0; i < count; i++)
        {
            foreach (var member in _members.Values.Where(member => who == "all" || member.Id.Value == Number(who))) member.Step(Input.Tick.One);
            Deliver();
        }
    }

    private void Deliver()
    {
        for (var node = _network.First; node is not null;)
        {
            var message = node.Value;
            var link = (message.From.Value, message.To.Value);
            if (_heldLinks.Contains(link))
            {
                node = node.Next;
                continue;
            }

            _network.Remove(node);
            var isLost = _cutLinks.Contains(link) || !_members.TryGetValue(message.To.Value, out var receiver) || !receiver.IsUp;
            if (_isTracing) Say($"{message.From}→{message.To} {Transcript.Show(message)}{(isLost ? " (lost)" : "")}");
            if (!isLost) _members[message.To.Value].Step(new Input.Receive(message));
            // The transfer beside the message is as lost as the message.
            if (message is InstallSnapshot && _members.TryGetValue(message.From.Value, out var sender)) sender.Step(new Input.SnapshotSent(message.To, !isLost));
            node = _network.First;
        }
    }

    private void Repeat(string kind, ulong from, ulong to)
    {
        _network.AddLast(Recorded(kind, from, to));
        Deliver();
    }

    private Message Recorded(string kind, ulong from, ulong to) =>
        _record.Last(sent => sent.GetType().Name == kind && sent.From.Value == from && sent.To.Value == to && sent is not Append { Entries.Count: 0 });

    // The last message on a held link goes through before the others.
    private void Overtake(string link)
    {
        var ends = link.Split('>').Select(ulong.Parse).ToArray();
        var message = _network.Last(held => held.From.Value == ends[0] && held.To.Value == ends[1]);
        Pass(message);
    }

    private ulong Propose(string text, ScenarioMember member)
    {
        var context = _nextContext++;
        member.Step(new Input.Propose([new Proposal(context, Encoding.UTF8.GetBytes(text))]));
        SayRefusal(member, context);
        return context;
    }

    private void Put(string text, ScenarioMember member)
    {
        var context = Propose(text, member);
        Deliver();
        if (member.Answers[context] is not Answer.Proposed proposed) return;
        var isCommitted = member.AppliedTerms.TryGetValue(proposed.Index.Value, out var term) && term == proposed.Term;
        Say(isCommitted ? $"{text} committed at {proposed.Term}/{proposed.Index}" : $"{text} at {proposed.Term}/{proposed.Index}, not committed");
    }

    private void SayRefusal(ScenarioMember member, ulong context)
    {
        if (member.Answers.GetValueOrDefault(context) is Answer.ProposalRefused refused) Say($"refused: {refused.Reason}, leader {refused.Leader?.ToString() ?? "unknown"}");
    }

    private ulong Ask(ScenarioMember member)
    {
        var context = _nextContext++;
        member.Step(new Input.Read([context]));
        return context;
    }

    private void Read(ScenarioMember member, string key)
    {
        var context = Ask(member);
        Deliver();
        Say(AnswerOf(member, context, key));
    }

    private static string AnswerOf(ScenarioMember member, ulong context, string key) => member.Answers.GetValueOrDefault(context) switch
    {
        Answer.ReadReady ready when ready.Index <= member.Node.Applied => $"{key}={member.State.GetValueOrDefault(key, "(none)")}",
        Answer.ReadReady ready => $"waits for index {ready.Index}",
        Answer.ReadRefused refused => $"unavailable: not leader, leader {refused.Leader?.ToString() ?? "unknown"}",
        _ => "unavailable: leadership not confirmed",
    };
}
