using System.Text.Json;
using ControlPlane.Benchmarks.Loads;
using ControlPlane.Harness;

namespace ControlPlane.Benchmarks.Members;

/// <summary>A group whose members are processes of this program; the load runs inside the leader's, as callers in process do.</summary>
internal sealed class MemberGroup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<BinaryProcess> _members = [];
    private int _orderCount;

    private MemberGroup()
    {
    }

    public static async Task<MemberGroup> StartAsync(string kind, int memberCount, Scratch scratch)
    {
        var group = new MemberGroup();
        var ports = string.Join(',', Scratch.FreePorts(memberCount));
        for (var self = 0; self < memberCount; self++)
        {
            group._members.Add(BinaryProcess.Start(Environment.ProcessPath!, scratch.Folder, null, ["member", kind, $"{self}", ports, scratch[$"m{self}"]]));
        }

        foreach (var member in group._members) await member.WaitForLineAsync("ready", Patience);
        return group;
    }

    /// <summary>Puts a load on the leader and measures all members.</summary>
    public async Task<Measured> LoadAsync(string work, int clients, double seconds)
    {
        var leader = await LeaderAsync();
        var before = ProcessorTime();
        var answer = await OrderAsync(leader, $"load {work} {clients} {seconds}", TimeSpan.FromSeconds(seconds) + Patience);
        var cpu = ProcessorTime() - before;
        if (!answer.StartsWith("load ")) throw new InvalidOperationException(answer);
        var result = JsonSerializer.Deserialize<LoadResult>(answer["load ".Length..])!;
        return new Measured(result, cpu.TotalMicroseconds / result.Count, _members.Max(member => member.ResidentBytes()) / 1048576.0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members) member.WriteLine("stop");
        foreach (var member in _members) await member.DisposeAsync();
    }

    private async Task<BinaryProcess> LeaderAsync()
    {
        for (var attempt = 0; attempt < 300; attempt++)
        {
            foreach (var member in _members)
            {
                if (await OrderAsync(member, "leads", Patience) == "leads True") return member;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException("no member leads");
    }

    // The answer is told from earlier ones by its number.
    private async Task<string> OrderAsync(BinaryProcess member, string order, TimeSpan patience)
    {
        var number = $"#{++_orderCount} ";
        member.WriteLine(number + order);
        return (await member.WaitForLineAsync(number, patience))[number.Length..];
    }

    private TimeSpan ProcessorTime() => _members.Aggregate(TimeSpan.Zero, (sum, member) => sum + member.ProcessorTime());
}

/// <param name="CpuMicroseconds">For one operation, summed over the members.</param>
/// <param name="ResidentMebibytes">Of the largest member, after the load.</param>
internal sealed record Measured(LoadResult Load, double CpuMicroseconds, double ResidentMebibytes);
