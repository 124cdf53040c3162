using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace ControlPlane.Benchmarks.Members;

/// <summary>DotNext's log, which answers an append only once it is on the disk. Without it a follower's acknowledgement promises nothing.</summary>
internal sealed class DurableLog(WriteAheadLog.Options options, IStateMachine state) : WriteAheadLog(options, state), IPersistentState
{
    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        await AppendAsync(entries, startIndex, skipCommitted, token);
        await FlushAsync(token);
    }
}
