using System.Net;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace ControlPlane.Benchmarks.Members;

/// <summary>The anchor: consensus of DotNext.Net.Cluster over TCP with its write-ahead log, and a dictionary as the state (ADR 0001).</summary>
internal sealed class DotNextMember : IMember
{
    private readonly RaftCluster _cluster;
    private readonly WriteAheadLog _log;
    private readonly DictionaryStateMachine _state;

    private DotNextMember(RaftCluster cluster, WriteAheadLog log, DictionaryStateMachine state) => (_cluster, _log, _state) = (cluster, log, state);

    public bool IsLeader => !_cluster.LeadershipToken.IsCancellationRequested;

    /// <param name="isDurable">A follower acknowledges what is on its disk, as ours does; the library as it is acknowledges what is in memory.</param>
    public static async Task<DotNextMember> StartAsync(int self, int[] ports, string folder, bool isDurable)
    {
        var state = new DictionaryStateMachine(Directory.CreateDirectory(Path.Combine(folder, "snapshots")));
        await state.RestoreAsync(CancellationToken.None);
        // Chunks of the size of our segments: the default of 4 KiB is a file for every few entries.
        var options = new WriteAheadLog.Options { Location = Directory.CreateDirectory(Path.Combine(folder, "log")).FullName, ChunkSize = 16 << 20, HashAlgorithm = WriteAheadLog.IntegrityHashAlgorithm.XxHash3 };
        var log = isDurable ? new DurableLog(options, state) : new WriteAheadLog(options, state);
        await log.InitializeAsync(CancellationToken.None);
        var configuration = new RaftCluster.TcpConfiguration(new IPEndPoint(IPAddress.Loopback, ports[self]))
        {
            // The timeouts of our own members; a request must fit into its timeout, which is the lower one unless it is said.
            LowerElectionTimeout = 500,
            UpperElectionTimeout = 1000,
            RequestTimeout = TimeSpan.FromSeconds(1),
            ColdStart = false,
            ConfigurationStorage = new LoopbackMembers(ports),
        };
        var cluster = new RaftCluster(configuration) { AuditTrail = log };
        await cluster.StartAsync(CancellationToken.None);
        return new DotNextMember(cluster, log, state);
    }

    public async ValueTask PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) =>
        await _cluster.ReplicateAsync(new BinaryLogEntry { Term = _cluster.Term, Content = DictionaryStateMachine.Encode(key.Span, value.Span) }, CancellationToken.None);

    public async ValueTask GetAsync(ReadOnlyMemory<byte> key)
    {
        await _cluster.ApplyReadBarrierAsync(ReadBarrierType.Strong, CancellationToken.None);
        _state.Get(key);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAsync(CancellationToken.None);
        _cluster.Dispose();
        await _log.DisposeAsync();
        await _state.DisposeAsync();
    }
}
