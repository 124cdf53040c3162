using System.Diagnostics;
using System.Globalization;
using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Benchmarks.Members;
using ControlPlane.Benchmarks.Served;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Tables;

/// <summary>The store beside its anchors, everything started here: our server and etcd through etcd's protocol with one generator, and our replica and
/// DotNext's consensus called in process. Prints one table of medians.</summary>
/// <remarks><c>dotnet run -c Release --project benchmarks/ControlPlane.Benchmarks -- store [--quick] [--runs 3] [--only served|in-process]</c></remarks>
internal static class StoreScenario
{
    private static readonly string[] InProcessKinds = ["replica", "dotnext-durable", "dotnext"];

    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var isQuick = words.Contains("--quick");
        var only = Array.IndexOf(words, "--only") is >= 0 and var at ? words[at + 1] : "";
        var plan = isQuick ? new Plan(Seconds: 1.5, WarmUpSeconds: 3, KeyCount: 20_000, Failovers: 1) : new Plan(Seconds: 5, WarmUpSeconds: 15, KeyCount: 200_000, Failovers: 3);
        var runs = arguments.Number("runs", isQuick ? 1 : 3);
        var table = new StoreTable();
        var clock = Stopwatch.StartNew();
        var header = await HeaderAsync(runs, plan);
        if (ServedStore.Etcd is null) Console.Error.WriteLine("ETCD IS NOT INSTALLED: its rows and all ratios are missing. Debian has it in the package etcd-server.");
        for (var run = 0; run < runs; run++)
        {
            // The stores take turns within a run, so that a busy minute of the machine hits all of them.
            ServedStore?[] stores = only == "in-process" ? [] : [ServedStore.ControlPlane, ServedStore.Etcd];
            foreach (var store in stores.OfType<ServedStore>()) await MeasureOneMemberAsync(store, plan, table);
            foreach (var store in stores.OfType<ServedStore>()) await MeasureThreeMembersAsync(store, plan, table);
            foreach (var kind in only == "served" ? [] : InProcessKinds) await MeasureInProcessAsync(kind, plan, table);
        }

        Console.WriteLine(header);
        Console.WriteLine($"Took {clock.Elapsed.TotalMinutes:0.0} min; load average at the end {LoadAverage()}.");
        Console.WriteLine();
        table.Print(Console.Out);
        return 0;
    }

    private static async Task MeasureOneMemberAsync(ServedStore store, Plan plan, StoreTable table)
    {
        using var scratch = new Scratch();
        await using var group = await ServedGroup.StartAsync(store, 1, scratch);
        await ServedLoads.PutAsync(group, 0, 64, plan.WarmUpSeconds);
        foreach (var clients in new[] { 1, 64 }) table.Add(Row.Of($"put, 1 member, {clients} client{(clients == 1 ? "" : "s")}", store.Name, await ServedLoads.PutAsync(group, 0, clients, plan.Seconds)));
        table.Add(Row.OfCost("watch, 1,000 watchers × 20 puts/s, an event", store.Name, await ServedLoads.WatchAsync(group, 0, 1000, 20, plan.Seconds)));
        await MeasureManyKeysAsync(store, plan, table);
    }

    // On fresh data: what is measured is the keys, not what was written before.
    private static async Task MeasureManyKeysAsync(ServedStore store, Plan plan, StoreTable table)
    {
        using var scratch = new Scratch();
        await using var group = await ServedGroup.StartAsync(store, 1, scratch);
        var what = $"{plan.KeyCount:#,0} keys of {ServedLoads.ValueSizeBytes} B";
        await ServedLoads.FillAsync(group, 0, plan.KeyCount);
        table.Add(new Row($"memory after filling {what}", store.Name, group.ResidentMebibytes(), "MiB"));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var cpu = group.ProcessorTime();
            var clock = Stopwatch.StartNew();
            await group.Clients[0].ListAsync("/list/");
            var seconds = clock.Elapsed.TotalSeconds;
            table.Add(new Row($"list of {what}", store.Name, seconds, "s", CpuMicroseconds: (group.ProcessorTime() - cpu).TotalMicroseconds, Mebibytes: group.ResidentMebibytes()));
        }

        await group.TerminateAsync(0);
        var start = Stopwatch.StartNew();
        group.Start(0);
        await group.LeaderAsync();
        table.Add(new Row($"restart with {what}, until it serves", store.Name, start.Elapsed.TotalSeconds, "s", Mebibytes: group.ResidentMebibytes()));
    }

    private static async Task MeasureThreeMembersAsync(ServedStore store, Plan plan, StoreTable table)
    {
        using var scratch = new Scratch();
        await using var group = await ServedGroup.StartAsync(store, 3, scratch);
        var leader = await group.LeaderAsync();
        await ServedLoads.PutAsync(group, leader, 64, plan.WarmUpSeconds);
        foreach (var clients in new[] { 1, 64, 256 }) table.Add(Row.Of($"put, 3 members, {clients} client{(clients == 1 ? "" : "s")}", store.Name, await ServedLoads.PutAsync(group, leader, clients, plan.Seconds)));
        table.Add(Row.Of("linearizable get, 3 members, 64 clients", store.Name, await ServedLoads.GetAsync(group, leader, 64, plan.Seconds)));
        for (var attempt = 0; attempt < plan.Failovers; attempt++)
        {
            await MeasureFailoverAsync(group, store, "killed", member => group.Member(member).KillHard(), table);
            await MeasureFailoverAsync(group, store, "paused", member => group.Member(member).Pause(), table);
            await MeasureFailoverAsync(group, store, "told to stop", member => group.Member(member).Terminate(), table);
        }
    }

    private static async Task MeasureFailoverAsync(ServedGroup group, ServedStore store, string what, Action<int> lose, StoreTable table)
    {
        var leader = await group.LeaderAsync();
        var elapsed = await ServedLoads.FailoverAsync(group, leader, () => lose(leader));
        table.Add(new Row($"leader {what}, 3 members, until the first acknowledged put", store.Name, elapsed.TotalSeconds, "s"));
        if (what == "paused")
        {
            group.Member(leader).Resume();
        }
        else
        {
            await group.Member(leader).WaitForExitAsync(TimeSpan.FromSeconds(30));
            group.Start(leader);
        }

        await group.LeaderAsync();
    }

    private static async Task MeasureInProcessAsync(string kind, Plan plan, StoreTable table)
    {
        var name = $"{kind}, in process";
        using (var scratch = new Scratch())
        {
            await using var one = await MemberGroup.StartAsync(kind, 1, scratch);
            await one.LoadAsync("put", 64, plan.WarmUpSeconds / 2);
            table.Add(Row.Of("put, 1 member, 1 client", name, await one.LoadAsync("put", 1, plan.Seconds)));
            table.Add(Row.Of("put, 1 member, 64 clients", name, await one.LoadAsync("put", 64, plan.Seconds)));
            if (kind == "replica") table.Add(Row.OfCost("watch, 1,000 watchers × 20 puts/s, an event", name, await one.LoadAsync("watch", 1000, plan.Seconds)));
        }

        using (var scratch = new Scratch())
        {
            await using var three = await MemberGroup.StartAsync(kind, 3, scratch);
            await three.LoadAsync("put", 64, plan.WarmUpSeconds / 2);
            table.Add(Row.Of("put, 3 members, 1 client", name, await three.LoadAsync("put", 1, plan.Seconds)));
            foreach (var clients in new[] { 64, 256 }) table.Add(Row.Of($"put, 3 members, {clients} clients", name, await three.LoadAsync("put", clients, plan.Seconds)));
            await three.LoadAsync("get", 64, 0.5);
            table.Add(Row.Of("linearizable get, 3 members, 64 clients", name, await three.LoadAsync("get", 64, plan.Seconds)));
        }
    }

    private static async Task<string> HeaderAsync(int runs, Plan plan)
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name"))?.Split(':')[1].Trim();
        var etcd = ServedStore.Etcd is { } store ? (await BinaryProcess.RunAsync(store.Program, Path.GetTempPath(), null, ["--version"])).Output.Split('\n')[0] : "etcd not installed";
        return $"""
            {DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC, {Environment.ProcessorCount} × {processor}, .NET {Environment.Version}, {etcd}, load average at the start {LoadAverage()}.
            Everything on one machine, the generator too; values of {ServedLoads.ValueSizeBytes} bytes, every write synced; {plan.Seconds} s a load after one of {plan.WarmUpSeconds} s that warms up; medians of {runs} runs. CPU is that of all members
            together for one operation (for a list: for the whole list), MiB the largest member's resident memory. In process the callers' own work counts too. Ticks of 50 ms, elections after 0.5 to 1 s, everywhere.
            """;
    }

    private static string LoadAverage() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..2]);

    /// <param name="Seconds">Of one load.</param>
    /// <param name="WarmUpSeconds">Of the load before the first that counts: a fresh .NET process compiles what is hot for its first ten seconds, which a server that runs
    /// for months does not notice.</param>
    private sealed record Plan(double Seconds, double WarmUpSeconds, int KeyCount, int Failovers);
}
