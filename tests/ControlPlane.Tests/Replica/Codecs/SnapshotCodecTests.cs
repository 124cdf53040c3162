using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Store.Leases;

namespace ControlPlane.Tests.Replica.Codecs;

/// <summary>The content of snapshots as docs/formats/snapshot-content.md lays it out.</summary>
public sealed class SnapshotCodecTests
{
    private static readonly SnapshotMark Mark = new(new LogIndex(9), new Term(2), Configuration.Of([new Member(new ReplicaId(1), "s1", "a:1")]));

    [Fact]
    public void The_empty_state_has_the_documented_bytes()
    {
        var bytes = Write(new ReplicaState());
        Assert.Equal(31, bytes.Length);
        Assert.StartsWith("17000000" + "9A02000000" + "90" + "CE80000000" + "9090" + "00" + "CF", Convert.ToHexString(bytes));
        Assert.EndsWith("00000000", Convert.ToHexString(bytes));
    }

    [Fact]
    public void A_state_of_several_parts_is_read_back_with_its_sessions()
    {
        var state = Filled(300, 1000);
        var bytes = Write(state);
        var restored = Read(bytes);
        Assert.Equal(state.View.StateHash, restored.View.StateHash);
        Assert.Equal(state.View.Revision, restored.View.Revision);
        // A request that was applied before the snapshot is not applied again after it.
        Assert.Empty(restored.Apply(Entry(7, 0)));
        Assert.Single(restored.Apply(Entry(301, 0)));
        Assert.Equal(bytes, Write(Read(bytes)));
    }

    [Fact]
    public void Leases_keep_what_they_have_left_and_limits_stay_in_force()
    {
        var state = new ReplicaState();
        Command[] commands =
        [
            new GrantLease(new LeaseId(5), 60), new GrantLease(new LeaseId(6), 60), new RenewLeases([new LeaseId(5)]),
            new CheckpointLeases([new LeaseCheckpoint(new LeaseSighting(new LeaseId(6), 2), 40)]),
            new SetQuota(5_000), new SetAlarm(new Alarm(7, AlarmKind.NoSpace), IsRaised: true),
        ];
        for (var i = 0; i < commands.Length; i++) state.Apply(Entry(i + 1, commands[i]));

        var restored = Read(Write(state)).View.Head;

        Assert.Equal(state.View.Head.Leases, restored.Leases);
        Assert.Equal((3, 40), (restored.LeaseRenewals, restored.Leases[1].RemainingSeconds));
        Assert.Equal(5_000, restored.QuotaBytes);
        Assert.Equal([new Alarm(7, AlarmKind.NoSpace)], restored.Alarms);
    }

    [Fact]
    public void A_snapshot_of_version_1_is_read()
    {
        // Revision 3, floor 1, lease 5 of 30 s, no sessions, no keys.
        var hash = StoreState.Restore(new StoreHead(new Revision(3), new Revision(1)), []).View.StateHash;
        var head = Convert.FromHexString($"970103019192051E9000CF{hash:x16}");
        var restored = Read([.. BitConverter.GetBytes(head.Length), .. head, 0, 0, 0, 0]).View;

        Assert.Equal((3, 1), (restored.Revision.Value, restored.CompactionFloor.Value));
        Assert.Equal(new Lease(new LeaseId(5), 30), Assert.Single(restored.Leases));
    }

    [Fact]
    public void A_cut_snapshot_is_refused_wherever_it_is_cut()
    {
        var bytes = Write(Filled(10, 10));
        for (var length = 0; length < bytes.Length; length++) Assert.Throws<InvalidDataException>(() => Read(bytes[..length]));
    }

    [Fact]
    public void A_changed_value_does_not_add_up_to_the_head()
    {
        var bytes = Write(Filled(1, 10));
        var at = bytes.AsSpan().LastIndexOf((byte)'v');
        bytes[at] = (byte)'w';
        Assert.Contains("hash", Assert.Throws<InvalidDataException>(() => Read(bytes)).Message);
    }

    private static ReplicaState Filled(int count, int valueSizeBytes)
    {
        var state = new ReplicaState();
        for (var i = 1; i <= count; i++) Assert.Single(state.Apply(Entry(i, valueSizeBytes)));
        return state;
    }

    private static Entry Entry(int sequence, int valueSizeBytes)
    {
        var put = new Operation.Put(BitConverter.GetBytes(sequence), Enumerable.Repeat((byte)'v', valueSizeBytes).ToArray(), LeaseId.None);
        return Entry(sequence, new Transaction([], [put], []));
    }

    private static Entry Entry(int sequence, Command command)
    {
        var data = ProposalCodec.Encode(new MemberId(3), 1, 1, [new NumberedCommand((ulong)sequence, CommandCodec.Encode(command))]);
        return new Entry(new Term(1), new LogIndex((ulong)sequence), EntryKind.Command, data);
    }

    private static byte[] Write(ReplicaState state)
    {
        var stream = new MemoryStream();
        SnapshotCodec.Write(state.TakeImage(Mark), stream.Write);
        return stream.ToArray();
    }

    private static ReplicaState Read(byte[] bytes)
    {
        var stream = new MemoryStream(bytes);
        return SnapshotCodec.Read(stream.Read);
    }
}
