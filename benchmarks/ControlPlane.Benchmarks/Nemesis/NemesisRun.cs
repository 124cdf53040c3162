using System.Diagnostics;
using ControlPlane.Benchmarks.Nemesis.Faults;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Benchmarks.Nemesis.Workloads;
using ControlPlane.Harness;
using ControlPlane.Harness.Histories;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>Real processes, clients on all of them, one fault after the other, and a verdict.</summary>
internal sealed class NemesisRun : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(30);

    private readonly RunOptions _options;
    private readonly Scratch _scratch;
    private readonly List<FaultSpan> _faults = [];
    private readonly CancellationTokenSource _callsEnd = new();
    private readonly CancellationTokenSource _watchesEnd = new();
    private readonly List<Watcher> _watchers = [];
    private readonly List<Task> _working = [];
    private readonly List<Task> _watching = [];
    private readonly List<Call> _reads = [];

    private NemesisRun(RunOptions options, Scratch scratch, Members members)
    {
        (_options, _scratch, Members) = (options, scratch, members);
        Journal = new();
        Group = new(members, Journal);
        Runner = new(members, Group, new Random(options.Seed));
    }

    public Members Members { get; }

    public Group Group { get; }

    public Journal Journal { get; }

    public FaultRunner Runner { get; }

    /// <summary>Completes when every member answers and knows a leader.</summary>
    public static async Task<NemesisRun> StartAsync(ITarget target, RunOptions options)
    {
        var scratch = new Scratch();
        var layout = Layout.Create(scratch, options.MemberCount, target.ChangesMembers ? 2 : 0);
        var run = new NemesisRun(options, scratch, await Nemesis.Members.StartAsync(target, layout));
        try
        {
            await run.WaitUntilLedAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    /// <summary>Clients and watchers at every member, until <see cref="FinishAsync"/>.</summary>
    public void StartWork()
    {
        var random = new Random(_options.Seed);
        IReadOnlyList<MemberClient> Clients() => [.. Group.Members.Select(member => Group.Clients[member])];
        var count = _options.Workload.WriterCount + _options.Workload.ReaderCount;
        for (var number = 0; number < count; number++)
        {
            var caller = new Caller(number, number < _options.Workload.WriterCount, Clients, Journal, _options.Workload, new Random(random.Next()));
            _working.Add(Task.Run(() => caller.RunAsync(_callsEnd.Token)));
        }

        if (!Members.Target.KeepsHistory) return;
        for (var member = 0; member < Members.FirstCount; member++)
        {
            foreach (var prefix in new[] { Caller.Prefix, Caller.ListPrefix })
            {
                var watcher = new Watcher($"{Layout.NameOf(member)} {prefix}", prefix, member, Clients, new Random(random.Next()));
                _watchers.Add(watcher);
                _watching.Add(Task.Run(() => watcher.RunAsync(_watchesEnd.Token)));
            }
        }
    }

    /// <summary>Random faults for the time of the run.</summary>
    public async Task StrikeAsync()
    {
        var clock = Stopwatch.StartNew();
        var random = new Random(_options.Seed);
        var schedule = new Schedule(random, new(Members.HasFaultLibrary, Members.Target.KeepsHistory, Members.Target.ChangesMembers));
        await Task.Delay(TimeSpan.FromSeconds(2));
        while (clock.Elapsed < _options.Span)
        {
            var fault = schedule.Next(Group.Members, await Group.LeaderAsync());
            if (random.Next(4) > 0) await StrikeAsync(fault);
            else await Task.WhenAll(StrikeAsync(fault), StrikeAsync(schedule.Next(Group.Members, null)));
            await Task.Delay(schedule.Rest());
            Runner.RestartEnded();
        }
    }

    /// <summary>One fault, from its beginning until it has been put right.</summary>
    public async Task StrikeAsync(Fault fault)
    {
        Group.Note(FaultText.Of(fault));
        var from = Journal.Now;
        await Runner.RunAsync(fault, CancellationToken.None);
        lock (_faults) _faults.Add(new(from, Journal.Now, fault.KeepsMajority(Group.Members.Count)));
    }

    /// <summary>No more calls; the open ones have ended when it completes.</summary>
    public async Task StopWorkAsync()
    {
        await _callsEnd.CancelAsync();
        await Task.WhenAll(_working);
    }

    /// <summary>What these members hold now becomes part of the history, read by read.</summary>
    public async Task ReadAtAsync(IEnumerable<int> members) => _reads.AddRange(await new Settlement(Members, Group, Journal).ReadAllAsync(members));

    /// <summary>Puts everything right, waits until the group has converged, and judges.</summary>
    /// <returns>The promises that were broken.</returns>
    public async Task<IReadOnlyList<string>> FinishAsync()
    {
        Members.Network.Heal();
        foreach (var member in Group.Members)
        {
            Members.Disk(member).Heal();
            Members.Resume(member);
        }

        Runner.RestartEnded();
        var broken = new List<string>();
        var settlement = new Settlement(Members, Group, Journal);
        long? last = null;
        try
        {
            await settlement.ConvergeAsync();
            await StopWorkAsync();
            (var revision, var lastOfLists) = await settlement.ConvergeAsync();
            last = revision;
            await ReadAtAsync(Group.Members);
            if (await settlement.CompareHashesAsync(revision) is { } differ) broken.Add(differ);
            await WaitForWatchersAsync(lastOfLists);
        }
        catch (BrokenPromiseException promise)
        {
            broken.Add(promise.Message);
        }

        await _callsEnd.CancelAsync();
        await _watchesEnd.CancelAsync();
        await Task.WhenAll([.. _working, .. _watching]);
        Judge(broken, last);
        return broken;
    }

    public async ValueTask DisposeAsync()
    {
        await _callsEnd.CancelAsync();
        await _watchesEnd.CancelAsync();
        await Task.WhenAll([.. _working, .. _watching]);
        Group.Dispose();
        await Members.DisposeAsync();
        _scratch.Dispose();
        _callsEnd.Dispose();
        _watchesEnd.Dispose();
    }

    private void Judge(List<string> broken, long? last)
    {
        var clock = Stopwatch.StartNew();
        var calls = Journal.Calls.SelectMany(client => client).Concat(_reads).ToList();
        var verdict = LinearizabilityChecker.Check(calls);
        if (verdict is not Verdict.Linearizable) broken.Add(verdict.ToString()!);
        var watchedCount = 0;
        if (_watchers.Count > 0)
        {
            var watches = _watchers.Select(watcher => watcher.RecordThrough(last)).ToList();
            var (history, contradictions) = Findings.Merge(watches);
            broken.AddRange(contradictions);
            // What no watcher was told, because it had not got so far or the member had forgotten it, the reads of the key judge alone.
            var coverage = new WatchCoverage(watches.Where(watch => watch.KeyPrefix == Caller.Prefix));
            var watched = Journal.Acknowledged.Select(acknowledged => acknowledged.Change).Where(change => coverage.Includes(change.Revision)).ToList();
            watchedCount = watched.Count;
            broken.AddRange(Findings.LostWrites(watched, history));
            broken.AddRange(Findings.Watches(watches, history, Members.Target.ForgetsHistoryWithSnapshots ? long.MaxValue : Group.CompactedRevision));
        }

        var outages = new Outages(Journal.Acknowledged.Select(acknowledged => acknowledged.Microseconds), _faults);
        int Count(Func<Outcome, bool> isMeant) => calls.Count(call => isMeant(call.Outcome));
        Console.WriteLine($"calls                   {calls.Count}: {outages.AcknowledgedCount} acknowledged changes, {Count(outcome => outcome is Outcome.Found or Outcome.Listed)} reads, {Count(outcome => outcome is Outcome.Unknown)} unknown, {Count(outcome => outcome is Outcome.Refused)} refused");
        Console.WriteLine($"watchers                {_watchers.Count}, resumed {_watchers.Sum(watcher => watcher.ResumptionCount)} times, told of compaction {_watchers.Sum(watcher => watcher.CompactionCount)} times; {watchedCount} of the acknowledged changes watched");
        Console.WriteLine($"faults                  {_faults.Count}");
        Console.WriteLine($"no write acknowledged   longest {outages.DescribeLongest(8)}");
        Console.WriteLine($"  with a majority       {Outages.Describe(outages.WithMajority())}");
        Console.WriteLine($"  without               {Outages.Describe(outages.WithoutMajority())}");
        Console.WriteLine($"verdict                 {(verdict is Verdict.Linearizable ? verdict : "see below")}, found in {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var promise in broken.Take(10)) Console.WriteLine($"BROKEN: {promise}");
        Console.WriteLine(broken.Count == 0 ? "all promises kept" : $"{broken.Count} promises broken; seed {_options.Seed}");
    }

    private async Task WaitForWatchersAsync(long revision)
    {
        var clock = Stopwatch.StartNew();
        while (_watchers.Any(watcher => watcher.Reached < revision) && clock.Elapsed < WatchPatience) await Task.Delay(50);
    }

    private async Task WaitUntilLedAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answers = await Group.StatusAsync();
            if (answers.Count == Members.FirstCount && answers.All(answer => answer.Status.Leader != 0)) return;
            if (clock.Elapsed > StartPatience || Enumerable.Range(0, Members.FirstCount).Any(member => Members.EndOf(member) is not null))
            {
                var state = string.Join('\n', Enumerable.Range(0, Members.FirstCount).Select(member => $"{Layout.NameOf(member)}:\n{Members.LastLines(member)}"));
                throw new BrokenPromiseException($"the group did not come up in {StartPatience.TotalSeconds} s\n{state}");
            }

            await Task.Delay(100);
        }
    }
}
