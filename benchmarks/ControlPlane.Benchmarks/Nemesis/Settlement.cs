using System.Diagnostics;
using ControlPlane.Benchmarks.Nemesis.Targets;
using ControlPlane.Benchmarks.Nemesis.Workloads;
using ControlPlane.Etcd.Protocol;
using ControlPlane.Harness.Histories;
using Grpc.Core;

namespace ControlPlane.Benchmarks.Nemesis;

/// <summary>After the last fault: every member must come back, agree with the others, and hand out what the clients were promised.</summary>
internal sealed class Settlement(Members members, Group group, Journal journal)
{
    private const int FinalReader = 1000;
    private static readonly TimeSpan ConvergePatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(5);

    /// <summary>Waits until every member answers linearizable reads and has applied one last write. Every wait has a deadline and says what it waited for.</summary>
    /// <returns>The revision of that write, and of the one just before it, which watchers of lists see.</returns>
    /// <exception cref="BrokenPromiseException">It did not converge.</exception>
    public async Task<(long Last, long LastOfLists)> ConvergeAsync()
    {
        var clock = Stopwatch.StartNew();
        var lists = await UntilAsync(clock, "a last element", () => WriteLastAsync(Caller.ListPrefix + "end"));
        var revision = await UntilAsync(clock, "a last write", () => WriteLastAsync(Caller.Prefix + "z"));
        foreach (var member in group.Members)
        {
            await UntilAsync(clock, $"a read at {Layout.NameOf(member)}", async () => (await group.Clients[member].RangeAsync(Caller.Prefix + "z", DateTime.UtcNow + CallPatience)).Count == 1 ? revision : null);
        }

        group.Note($"converged {clock.Elapsed.TotalSeconds:0.0} s after the last fault, revision {revision}");
        return (revision, lists);
    }

    /// <summary>What these members hold, as reads at the end of the history.</summary>
    public async Task<List<Call>> ReadAllAsync(IEnumerable<int> readers)
    {
        var lists = journal.Calls.SelectMany(calls => calls).GroupBy(call => call.Key).Select(key => (key.Key, IsList: key.Any(call => call.Request is Request.Append || call.Outcome is Outcome.Listed))).ToList();
        var calls = new List<Call>();
        foreach (var member in readers)
        {
            var invoked = journal.Now;
            RangeResponse? range = null;
            await UntilAsync(Stopwatch.StartNew(), $"all keys from {Layout.NameOf(member)}", async () =>
            {
                invoked = journal.Now;
                range = await group.Clients[member].RangeAsync(Caller.Prefix, DateTime.UtcNow + TimeSpan.FromSeconds(30));
                return range.Header.Revision;
            });
            var returned = journal.Now;
            var registers = range!.Kvs.ToDictionary(pair => pair.Key.ToStringUtf8(), pair => pair.Value.ToStringUtf8());
            var elements = range.Kvs.Select(pair => (Key: pair.Key.ToStringUtf8(), pair.ModRevision, Value: pair.Value.ToStringUtf8())).ToLookup(pair => pair.Key[..(pair.Key.LastIndexOf('/') + 1)]);
            foreach (var (key, isList) in lists)
            {
                Outcome outcome = isList
                    ? new Outcome.Listed([.. elements[key].OrderBy(pair => pair.ModRevision).Select(pair => pair.Value)])
                    : new Outcome.Found(registers.GetValueOrDefault(key));
                calls.Add(new(FinalReader + member, key, new Request.Read(), invoked, returned, outcome));
            }
        }

        return calls;
    }

    /// <summary>Null when all members hold the same bytes at that revision, else what each answers.</summary>
    public async Task<string?> CompareHashesAsync(long revision)
    {
        var clock = Stopwatch.StartNew();
        var told = "";
        while (clock.Elapsed < CallPatience)
        {
            var answers = await Task.WhenAll(group.Members.Select(async member => (member, hash: await HashAsync(member, revision))));
            told = string.Join(", ", answers.Select(answer => $"{Layout.NameOf(answer.member)}: {answer.hash}"));
            if (answers.Select(answer => answer.hash).Distinct().Count() == 1 && answers[0].hash is not null) return null;
            await Task.Delay(200); // A compaction may not have reached everybody.
        }

        return $"the members' states differ at revision {revision}: {told}";
    }

    private async Task<long?> WriteLastAsync(string key)
    {
        // Not every store passes writes on to its leader.
        foreach (var member in group.Members)
        {
            var answer = await group.Clients[member].WriteAsync(key, "end", CallPatience);
            if (answer.Revision is not { } revision) continue;
            journal.Acknowledged.Enqueue((new(revision, key, "end"), journal.Now));
            return revision;
        }

        return null;
    }

    private async Task<string?> HashAsync(int member, long revision)
    {
        try
        {
            var hash = await group.Clients[member].Maintenance.HashKVAsync(new HashKVRequest { Revision = revision }, deadline: DateTime.UtcNow + CallPatience);
            return $"{hash.Hash:x8} (compacted {hash.CompactRevision})";
        }
        catch (RpcException failure)
        {
            return $"{failure.Status.StatusCode} {failure.Status.Detail}";
        }
    }

    private async Task<long> UntilAsync(Stopwatch clock, string what, Func<Task<long?>> ask)
    {
        var last = "no answer";
        while (clock.Elapsed < ConvergePatience)
        {
            try
            {
                if (await ask() is { } answer) return answer;
            }
            catch (RpcException failure)
            {
                last = $"{failure.Status.StatusCode} {failure.Status.Detail}";
            }

            await Task.Delay(100);
        }

        var state = string.Join('\n', group.Members.Select(member => $"  {Layout.NameOf(member)} {(members.IsRunning(member) ? "runs" : "does not run")}\n{members.LastLines(member)}"));
        throw new BrokenPromiseException($"did not converge in {ConvergePatience.TotalSeconds} s after the last fault, waiting for {what} ({last})\n{state}");
    }
}
