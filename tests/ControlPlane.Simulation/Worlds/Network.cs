using ControlPlane.Raft;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Simulation.Clusters;

namespace ControlPlane.Simulation.Worlds;

/// <summary>The links between members, each direction by itself: cut, slow, lossy, and messages that come twice, late or in another order.</summary>
internal sealed class Network(SimulatedCluster cluster)
{
    private const int LateMicrosecondsMin = 500_000;
    private const int LateMicrosecondsMax = 20_000_000;

    private readonly HashSet<(ReplicaId From, ReplicaId To)> _cut = [];
    private readonly Dictionary<(ReplicaId From, ReplicaId To), long> _slow = [];

    public int CutCount => _cut.Count;

    public void Cut(ReplicaId from, ReplicaId to)
    {
        if (!_cut.Add((from, to)) || !cluster.Random.Chance(0.3)) return;
        // Sometimes the connection is seen to break, sometimes it is a black hole.
        cluster.Find(from)?.Post(new TurnInput.PeerLost(to));
    }

    /// <summary>Every message on the link takes up to this much longer.</summary>
    public void Slow(ReplicaId from, ReplicaId to, long microseconds) => _slow[(from, to)] = microseconds;

    public void Heal()
    {
        _cut.Clear();
        _slow.Clear();
    }

    public void Send(PeerMessage message)
    {
        var random = cluster.Random;
        var conditions = cluster.Nemesis;
        if (conditions.Loss > 0 && random.Chance(conditions.Loss)) return;
        var encoded = PeerCodec.Encode(message);
        cluster.Trace.Count((ulong)encoded.Length);
        Deliver(encoded, message.From, message.To, Latency(message.From, message.To));
        if (conditions.Duplication > 0 && random.Chance(conditions.Duplication)) Deliver(encoded, message.From, message.To, Latency(message.From, message.To));
        if (conditions.LateDuplication > 0 && random.Chance(conditions.LateDuplication))
        {
            Deliver(encoded, message.From, message.To, random.Between(LateMicrosecondsMin, LateMicrosecondsMax));
        }
    }

    /// <param name="file">Null when there is nothing to send any more.</param>
    /// <param name="end">Told whether the receiver confirmed it; on a slow link that may be long after the receiver has it.</param>
    public void SendSnapshot(InstallSnapshot message, SnapshotFile? file, SimulatedProcess sender, Action<bool> end)
    {
        var random = cluster.Random;
        var conditions = cluster.Nemesis;
        var encoded = PeerCodec.Encode(new PeerMessage.Consensus(message));
        var isLost = file is null || random.Chance(conditions.Loss);
        var takes = random.Between(1_000, conditions.LatencyMicrosecondsMax * 4L) + (_slow.GetValueOrDefault((message.From, message.To)) * 4);
        if (conditions.HasSlowSnapshots && random.Chance(0.4)) takes += random.Between(1_000_000, 12_000_000);
        var copies = random.Chance(conditions.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            cluster.Schedule.After(takes + (i * takes / 2), () =>
            {
                // The stream ends with the process at either end, and with the link.
                var receiver = cluster.Find(message.To)?.Running;
                var arrives = !isLost && sender.IsAlive && receiver is not null && !_cut.Contains((message.From, message.To));
                var cutAt = arrives && conditions.HasSlowSnapshots && random.Chance(0.25) ? random.Below(file!.Bytes.Length) : file?.Bytes.Length ?? 0;
                end(arrives && receiver!.TryReceive(encoded, file!, cutAt) && !_cut.Contains((message.To, message.From)));
            });
        }
    }

    private void Deliver(byte[] encoded, ReplicaId from, ReplicaId to, long latency) => cluster.Schedule.After(latency, () =>
    {
        if (_cut.Count > 0 && _cut.Contains((from, to))) return;
        if (cluster.Find(to) is not { Running: { } process } receiver) return;
        if (process.Committed?.Removed.Contains(from) == true)
        {
            // As the host: whoever was removed is not heard, and is told.
            if (cluster.Find(from) is { } removed) cluster.Retire(removed);
            return;
        }

        receiver.Post(new TurnInput.FromPeer(PeerCodec.Decode(encoded)));
    });

    private long Latency(ReplicaId from, ReplicaId to)
    {
        var latency = cluster.Random.Between(50, cluster.Nemesis.LatencyMicrosecondsMax);
        return _slow.Count > 0 && _slow.TryGetValue((from, to), out var slow) ? latency + cluster.Random.Between(0, slow) : latency;
    }
}
