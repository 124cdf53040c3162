using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Checking;

/// <summary>Nobody runs hot and nobody grows without bound, whatever the network does: budgets of messages, steps, memory and disk.</summary>
internal sealed class BudgetChecker(SimulatedCluster cluster)
{
    public const long UncommittedBytesMax = 64 << 10;

    // Clients, ticks, heartbeats, reads and their answers come to some hundreds a second for each member; a busy loop to millions.
    private const long StepsPerSecondMax = 20_000;

    // Of one member in one tick (0.1 s): windows of appends, answers, heartbeats. Late duplicates may bring a burst of answers.
    private const int MessagesPerTickMax = 1_500;

    // Entries kept in memory: what is not yet in a snapshot, what is kept before it, and what a slow disk or a slow snapshot holds up.
    private const ulong EntriesMax = 6_000;

    private const long DiskBytesMax = 8 << 20;

    public void AfterTick(SimulatedMember member, SimulatedProcess process)
    {
        var node = process.Core.Node;
        Promise.That(process.SentSinceTick <= MessagesPerTickMax, process, static p => $"budget: {p.SentSinceTick} messages in one tick");
        Promise.That(node.LastIndex.Value - node.CompactedTo.Value <= EntriesMax, node, static n => $"budget: {n.LastIndex.Value - n.CompactedTo.Value} entries in memory");
        if (process.Ticks % 16 != 0) return;
        Promise.That(cluster.Schedule.StepCount <= StepsPerSecondMax * (1 + (cluster.Schedule.Now / 1_000_000)), cluster, static c => $"budget: {c.Schedule.StepCount} steps in {c.Schedule.Now / 1_000_000} s");
        Promise.That(member.Directory.SizeBytes <= DiskBytesMax, member, static m => $"budget: {m.Name} holds {m.Directory.SizeBytes} bytes on its disk");
    }
}
