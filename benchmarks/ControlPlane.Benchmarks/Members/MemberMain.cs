using System.Text;
using System.Text.Json;
using ControlPlane.Benchmarks.Loads;

namespace ControlPlane.Benchmarks.Members;

/// <summary>One member in a process of its own, told what to do over standard input: the half of <see cref="MemberGroup"/> that carries the load.</summary>
internal static class MemberMain
{
    private const int ValueSizeBytes = 256;
    private const int KeyCount = 10_000;

    /// <param name="words">Kind of store, this member's number, all ports with commas between, data folder.</param>
    public static async Task<int> RunAsync(string[] words)
    {
        var ports = words[2].Split(',').Select(int.Parse).ToArray();
        var self = int.Parse(words[1]);
        IMember member = words[0] switch
        {
            "replica" => await ReplicaMember.StartAsync(self, ports, words[3]),
            "dotnext" => await DotNextMember.StartAsync(self, ports, words[3], isDurable: false),
            "dotnext-durable" => await DotNextMember.StartAsync(self, ports, words[3], isDurable: true),
            _ => throw new ArgumentException($"unknown kind of member: {words[0]}"),
        };
        await using (member)
        {
            Console.WriteLine("ready");
            for (var line = Console.ReadLine(); line is not null and not "stop"; line = Console.ReadLine())
            {
                var order = line.Split(' ');
                Console.WriteLine($"{order[0]} {await AnswerAsync(member, order[1..])}");
            }
        }

        return 0;
    }

    private static async Task<string> AnswerAsync(IMember member, string[] order)
    {
        try
        {
            return order[0] switch
            {
                "leads" => $"leads {member.IsLeader}",
                "load" => $"load {JsonSerializer.Serialize(await LoadAsync(member, order[1], int.Parse(order[2]), double.Parse(order[3])))}",
                _ => $"unknown order: {order[0]}",
            };
        }
        catch (InvalidOperationException failure)
        {
            return $"failed: {failure.Message}";
        }
    }

    private static Task<LoadResult> LoadAsync(IMember member, string work, int clients, double seconds)
    {
        if (work == "watch") return WatchFanOut.RunAsync(((ReplicaMember)member).Store, clients, seconds);
        var keys = Enumerable.Range(0, KeyCount).Select(number => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes($"/benchmark/keys/{number:d8}")).ToArray();
        var value = new byte[ValueSizeBytes];
        new Random(1).NextBytes(value);
        return Load.RunAsync(clients, TimeSpan.FromSeconds(seconds), work switch
        {
            // Neighbouring clients write to far keys: 7919 is prime to the count of keys.
            "put" => (client, number) => member.PutAsync(keys[(client + number * clients) * 7919 % KeyCount], value),
            "get" => (client, number) => member.GetAsync(keys[(client + number * clients) * 7919 % KeyCount]),
            _ => throw new InvalidOperationException($"unknown work: {work}"),
        });
    }
}
