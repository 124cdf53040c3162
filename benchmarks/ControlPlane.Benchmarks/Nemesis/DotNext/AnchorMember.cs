using System.Net;
using ControlPlane.Benchmarks.Clusters;
using ControlPlane.Benchmarks.Members;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Benchmarks.Nemesis.DotNext;

/// <summary>One member of a DotNext cluster behind etcd's KV, in a process of its own.</summary>
internal static class AnchorMember
{
    public static async Task<int> RunAsync(string[] words)
    {
        var arguments = new Arguments(words);
        var folder = arguments.Word("data", "");
        var address = new AnchorAddress(arguments.Number("peer-advertise", 0));
        var state = new AnchorState(Directory.CreateDirectory(Path.Combine(folder, "snapshots")), arguments.Number("snapshot-entries", 3000));
        await state.RestoreAsync(CancellationToken.None);
        // The library's defaults where they concern durability. Hashes are on: nobody would run it without. Large chunks, because the default is a file for every 4 KiB, and
        // with 64 KiB an entry that carries a context was never applied.
        var options = new WriteAheadLog.Options
        {
            Location = Directory.CreateDirectory(Path.Combine(folder, "log")).FullName,
            ChunkSize = 16 << 20,
            HashAlgorithm = WriteAheadLog.IntegrityHashAlgorithm.XxHash3,
        };
        await using var log = new WriteAheadLog(options, state);
        await log.InitializeAsync(CancellationToken.None);
        var timeoutMs = arguments.Number("election-ms", 500);
        var configuration = new RaftCluster.TcpConfiguration(new IPEndPoint(IPAddress.Loopback, arguments.Number("peer-listen", 0)))
        {
            PublicEndPoint = new IPEndPoint(IPAddress.Loopback, address.Port),
            LowerElectionTimeout = timeoutMs,
            UpperElectionTimeout = 2 * timeoutMs,
            RequestTimeout = TimeSpan.FromMilliseconds(timeoutMs),
            ColdStart = false,
            ConfigurationStorage = new LoopbackMembers(arguments.Word("members", "").Split(',').Select(int.Parse)),
        };
        using var cluster = new RaftCluster(configuration) { AuditTrail = log };
        await cluster.StartAsync(CancellationToken.None);
        var app = Build(arguments.Number("etcd-listen", 0), new AnchorKeys(cluster, state), new AnchorMaintenance(cluster, state, address));
        await app.RunAsync();
        return 0;
    }

    private static WebApplication Build(int port, AnchorKeys keys, AnchorMaintenance maintenance)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(keys).AddSingleton(maintenance);
        var app = builder.Build();
        app.MapGrpcService<AnchorKeys>();
        app.MapGrpcService<AnchorMaintenance>();
        return app;
    }
}
