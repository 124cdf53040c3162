using System.Net;
using System.Net.Sockets;
using ControlPlane.Raft;
using ControlPlane.Raft.Entries;
using ControlPlane.Raft.Membership;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Peers;
using ControlPlane.Replica.Turns;
using ControlPlane.Store;
using ControlPlane.Store.Commands;
using ControlPlane.Tests.Wal.Storage;
using ControlPlane.Wal.Members;

namespace ControlPlane.Tests.Replica.Peers;

/// <summary>Snapshots over connections that break.</summary>
public sealed class SnapshotTransferTests
{
    private static readonly Configuration Group = Configuration.Of([new Member(new ReplicaId(1), "s1", "a:1"), new Member(new ReplicaId(2), "s2", "a:2")]);

    [Fact]
    public async Task A_cut_transfer_goes_on_where_it_was_cut()
    {
        using var sender = new Side(value: 1);
        using var receiver = new Side();
        var cut = await TransferAsync(sender, receiver, sentBytesMax: 700_000);
        Assert.Null(cut.Received);

        var rest = await TransferAsync(sender, receiver);

        Assert.Equal(sender.State.View.StateHash, rest.Received!.State.View.StateHash);
        // Frames and pieces of 256 KiB: what was under way when it broke is sent again, and no more.
        Assert.InRange(rest.SentBytes, 1, sender.FileLength - 400_000);
    }

    [Fact]
    public async Task Another_file_begins_from_its_beginning()
    {
        using var sender = new Side(value: 1);
        using var other = new Side(value: 2);
        using var receiver = new Side();
        await TransferAsync(sender, receiver, sentBytesMax: 700_000);

        var whole = await TransferAsync(other, receiver);

        Assert.Equal(other.State.View.StateHash, whole.Received!.State.View.StateHash);
        Assert.True(whole.SentBytes > other.FileLength);
    }

    [Fact]
    public async Task A_leader_goes_on_with_what_another_leader_began_when_the_files_are_alike()
    {
        using var sender = new Side(value: 1);
        using var next = new Side(value: 1);
        using var receiver = new Side();
        await TransferAsync(sender, receiver, sentBytesMax: 700_000);

        var rest = await TransferAsync(next, receiver);

        Assert.NotNull(rest.Received);
        Assert.InRange(rest.SentBytes, 1, next.FileLength - 400_000);
    }

    private static async Task<(ReceivedSnapshot? Received, long SentBytes)> TransferAsync(Side from, Side to, long sentBytesMax = long.MaxValue)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, deadline.Token);
        using var server = await listener.AcceptTcpClientAsync(deadline.Token);
        await using var line = new BreakingStream(client.GetStream(), sentBytesMax);

        async Task SendAsync()
        {
            using var snapshot = from.Disk.OpenSnapshot(from.Mark);
            try
            {
                await SnapshotTransfer.SendAsync(line, new InstallSnapshot(new ReplicaId(1), new ReplicaId(2), new Term(2), from.Mark), snapshot, static _ => { }, deadline.Token);
            }
            finally
            {
                client.Close();
            }
        }

        var sending = SendAsync();
        ReceivedSnapshot? received = null;
        try
        {
            received = await SnapshotTransfer.ReceiveAsync(server.GetStream(), to.Disk, to.Reception, deadline.Token);
            await SnapshotTransfer.ConfirmAsync(server.GetStream(), deadline.Token);
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException)
        {
            await Assert.ThrowsAsync<IOException>(() => sending);
        }

        if (received is not null) await sending;
        return (received, line.SentBytes);
    }

    /// <summary>One member's disk; with a state of about 1.2 MB that depends on <c>value</c>, or with nothing.</summary>
    private sealed class Side : IDisposable
    {
        private readonly MemberStorage _storage = MemberStorage.Open(new FakeDisk());

        public Side(byte? value = null)
        {
            Disk = new MemberDisk(_storage);
            Reception = new SnapshotReception(Disk);
            if (value is not { } filling) return;
            for (ulong index = 1; index <= 40; index++) State.Apply(EntryAt(index, filling));
            Disk.Save(State.TakeImage(Mark));
            using var snapshot = Disk.OpenSnapshot(Mark);
            FileLength = snapshot.FileLength;
        }

        public SnapshotMark Mark { get; } = new(new LogIndex(40), new Term(2), Group);

        public MemberDisk Disk { get; }

        public SnapshotReception Reception { get; }

        public ReplicaState State { get; } = new();

        public long FileLength { get; }

        public void Dispose()
        {
            Reception.Dispose();
            _storage.Dispose();
        }

        private static Entry EntryAt(ulong index, byte filling)
        {
            var value = new byte[30_000];
            Array.Fill(value, filling);
            var put = new Transaction([], [new Operation.Put(BitConverter.GetBytes(index), value, LeaseId.None)], []);
            return new Entry(new Term(2), new LogIndex(index), EntryKind.Command, ProposalCodec.Encode(new ControlPlane.Replica.MemberId(1), 1, 1, [new NumberedCommand(index, CommandCodec.Encode(put))]));
        }
    }

    /// <summary>A connection that breaks after so many bytes were sent.</summary>
    private sealed class BreakingStream(Stream inner, long sentBytesMax) : Stream
    {
        public long SentBytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            SentBytes += buffer.Length;
            if (SentBytes > sentBytesMax) throw new IOException("the line broke");
            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
