using System.Net;
using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Etcd.Hosting;
using ControlPlane.Replica;

namespace ControlPlane.Benchmarks.Nemesis.Targets;

/// <summary>One member of our store behind etcd's protocol and nothing else, in a process of its own: starts in a fraction of the whole server's time.</summary>
internal static class ServedMember
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        await using var store = await ReplicaHost.OpenAsync(
            new ReplicaOptions
            {
                Name = arguments.Word("name", ""),
                DataDirectory = arguments.Word("data", ""),
                PeerListen = arguments.Word("peer-listen", ""),
                PeerAdvertise = arguments.Word("peer-advertise", ""),
                InitialCluster = arguments.Word("initial-cluster", "") is { Length: > 0 } list ? PeerAddress.ParseList(list) : [],
                Join = arguments.Word("join", "") is { Length: > 0 } others ? PeerAddress.ParseList(others) : [],
                JoinTimeout = TimeSpan.FromMinutes(1),
                SnapshotEntries = arguments.Number("snapshot-entries", 500),
                KeptEntries = arguments.Number("snapshot-entries", 500) / 4,
                Notice = line => Console.Error.WriteLine(line),
            },
            CancellationToken.None);
        await using var face = await EtcdHost.StartAsync(
            new EtcdHostOptions { Listen = IPEndPoint.Parse(arguments.Word("etcd-listen", "")), ProgressInterval = TimeSpan.FromSeconds(2) },
            store, store, CancellationToken.None);
        Console.WriteLine("ready");
        Console.WriteLine(await store.Expelled);
        return 3;
    }
}
