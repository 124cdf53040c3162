using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Replica;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;

namespace ControlPlane.Tests.Replica.Codecs;

/// <summary>The content of snapshots as docs/formats/snapshot-content.md lays it out.</summary>
public sealed class SnapshotCodecTests
{
    private static readonly SnapshotMark Mark = new(new LogIndex(9), new Term(2), Configuration.Of([new Member(new ReplicaId(1), "s1", "a:1")]));

    [Fact]
    public void The_empty_state_has_the_documented_bytes()
    {
        var bytes = Write(new ReplicaState());
        Assert.Equal(24, bytes.Length);
        Assert.StartsWith("10000000" + "970100009090" + "00" + "CF", Convert.ToHexString(bytes));
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
        Assert.Null(restored.Apply(Entry(7, 0)));
        Assert.NotNull(restored.Apply(Entry(301, 0)));
        Assert.Equal(bytes, Write(Read(bytes)));
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
        for (var i = 1; i <= count; i++) Assert.NotNull(state.Apply(Entry(i, valueSizeBytes)));
        return state;
    }

    private static Entry Entry(int sequence, int valueSizeBytes)
    {
        var put = new Operation.Put(BitConverter.GetBytes(sequence), Enumerable.Repeat((byte)'v', valueSizeBytes).ToArray(), LeaseId.None);
        var data = ProposalCodec.Encode(new RequestId(new MemberId(3), 1, (ulong)sequence, 1), CommandCodec.Encode(new Transaction([], [put], [])));
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
