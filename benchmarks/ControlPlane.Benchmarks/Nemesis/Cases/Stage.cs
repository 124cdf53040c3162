using System.Diagnostics;
using ControlPlane.Benchmarks.Nemesis.Faults;
using ControlPlane.Benchmarks.Nemesis.Network;
using ControlPlane.Benchmarks.Nemesis.Targets;

namespace ControlPlane.Benchmarks.Nemesis.Cases;

/// <summary>What a case can do to a run, in the words of its story.</summary>
internal sealed class Stage(NemesisRun run)
{
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan FillPatience = TimeSpan.FromSeconds(10);
    private int _filledCount;

    public NemesisRun Run => run;

    public Members Members => run.Members;

    public MemberPairs Links => new(run.Members.Network, run.Group.Members);

    public void Note(string line) => run.Group.Note(line);

    public Task StrikeAsync(Fault fault) => run.StrikeAsync(fault);

    /// <summary>Clients go on for that long.</summary>
    public static Task WorkAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds));

    /// <exception cref="BrokenPromiseException">Nobody leads in a minute.</exception>
    public async Task<int> LeaderAsync(int? otherThan = null)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < LeaderPatience)
        {
            if (await run.Group.LeaderAsync() is { } leader && leader != otherThan && Members.IsRunning(leader))
            {
                if (clock.Elapsed > LongWait) Note($"nobody led for {clock.Elapsed.TotalSeconds:0.0} s\n{string.Join('\n', run.Group.Members.Select(Members.LastLines))}");
                return leader;
            }

            await Task.Delay(50);
        }

        throw new BrokenPromiseException($"nobody leads after {LeaderPatience.TotalSeconds} s\n{string.Join('\n', run.Group.Members.Select(Members.LastLines))}");
    }

    /// <summary>The others, lowest first.</summary>
    public IReadOnlyList<int> Followers(int leader) => [.. run.Group.Members.Where(member => member != leader)];

    public static string NameOf(int member) => Layout.NameOf(member);

    /// <summary>Puts so many keys of 1 KiB, so that logs are cut and snapshots have a size. They are not part of the history.</summary>
    public async Task FillAsync(int keyCount)
    {
        var value = new string('x', 1024);
        var first = _filledCount;
        _filledCount += keyCount;
        var next = first - 1;
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async worker =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < _filledCount;)
            {
                for (var attempt = 0; attempt < 50; attempt++)
                {
                    var reachable = run.Group.Members.Where(Members.IsRunning).ToList();
                    var answer = await run.Group.Clients[reachable[(worker + attempt) % reachable.Count]].WriteAsync($"f/{number:d6}", value, FillPatience);
                    if (answer.Revision is not null) break;
                    await Task.Delay(20);
                }
            }
        }));
        Note($"filled with {keyCount} keys of 1 KiB");
    }

    /// <summary>Kills, and leaves dead.</summary>
    public async Task KillAsync(params int[] victims)
    {
        Note($"kill -9 {string.Join(' ', victims.Select(NameOf))}");
        await Task.WhenAll(victims.Select(Members.KillAsync));
    }

    public void Start(params int[] members)
    {
        Note($"start {string.Join(' ', members.Select(NameOf))}");
        foreach (var member in members) Members.Start(member);
    }
}
