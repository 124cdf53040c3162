using System.Buffers.Binary;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Peers;

/// <summary>A snapshot on its own connection, in pieces, so that heartbeats and entries go on beside it: the message, the file's length, its pieces, and the
/// receiver's word that it is whole.</summary>
internal static class SnapshotTransfer
{
    private const int PieceSizeBytes = 256 << 10;

    // For one piece, not for the whole: a large snapshot on a slow line takes as long as it takes.
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(10);

    /// <exception cref="IOException">It did not arrive.</exception>
    public static async Task SendAsync(Stream stream, InstallSnapshot message, SnapshotReader snapshot, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PieceTimeout);
        await Frame.WriteAsync(stream, PeerCodec.Encode(new PeerMessage.Consensus(message)), patience.Token);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, snapshot.FileLength);
        await Frame.WriteAsync(stream, length, patience.Token);
        var piece = new byte[PieceSizeBytes];
        for (long offset = 0; offset < snapshot.FileLength;)
        {
            var read = snapshot.ReadFile(offset, piece);
            if (read == 0) throw new IOException("the snapshot's file became shorter");
            await Frame.WriteAsync(stream, piece.AsMemory(0, read), patience.Token);
            offset += read;
            patience.CancelAfter(PieceTimeout);
        }

        await stream.FlushAsync(patience.Token);
        // The receiver checks and decodes all of it before it answers.
        patience.CancelAfter(PieceTimeout * 6);
        if (await Frame.ReadAsync(stream, patience.Token) is null) throw new IOException("the receiver did not confirm the snapshot");
    }

    /// <summary>Receives, checks and decodes a snapshot; it is durable when this returns.</summary>
    /// <exception cref="InvalidDataException">What came is not a snapshot of a peer.</exception>
    public static async Task<ReceivedSnapshot> ReceiveAsync(Stream stream, MemberDisk disk, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PieceTimeout);
        if (PeerCodec.Decode(await NextAsync(stream, patience.Token)) is not PeerMessage.Consensus { Message: InstallSnapshot message })
        {
            throw new InvalidDataException("a snapshot begins with its message");
        }

        var lengthFrame = await NextAsync(stream, patience.Token);
        if (lengthFrame.Length != sizeof(long)) throw new InvalidDataException("a snapshot's length has 8 bytes");
        var length = BinaryPrimitives.ReadInt64LittleEndian(lengthFrame);
        try
        {
            using var receiver = disk.ReceiveSnapshot();
            while (receiver.Received < length)
            {
                var piece = await NextAsync(stream, patience.Token);
                Invariant.That(receiver.TryWrite(receiver.Received, piece));
                patience.CancelAfter(PieceTimeout);
            }

            var info = receiver.Complete();
            if (info.Point.Index != message.Snapshot.Index.Value || info.Point.Term != message.Snapshot.Term.Value)
            {
                throw new InvalidDataException($"the snapshot at {info.Point} came under the name of {message.Snapshot.Term}/{message.Snapshot.Index}");
            }

            return new ReceivedSnapshot(message, disk.Load(message.Snapshot));
        }
        catch (Exception problem) when (problem is DamagedException or StorageFullException)
        {
            throw new InvalidDataException(problem.Message, problem);
        }
    }

    public static async Task ConfirmAsync(Stream stream, CancellationToken cancellationToken)
    {
        await Frame.WriteAsync(stream, new byte[] { 1 }, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    private static async Task<byte[]> NextAsync(Stream stream, CancellationToken cancellationToken) =>
        await Frame.ReadAsync(stream, cancellationToken) ?? throw new InvalidDataException("the snapshot's connection ended before the snapshot");
}
