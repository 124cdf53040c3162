using System.Buffers.Binary;
using ControlPlane.Raft.Messages;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Disks;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Snapshots;
using ControlPlane.Wal.Storage;

namespace ControlPlane.Replica.Peers;

/// <summary>A snapshot on its own connection, in pieces, so that heartbeats and entries go on beside it: the message, the file's label, the receiver's word how
/// much of it is there from an earlier connection, the pieces after that, and its word that all is whole.</summary>
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
        await Frame.WriteAsync(stream, SnapshotLabel.Of(snapshot).Encode(), patience.Token);
        await stream.FlushAsync(patience.Token);
        var known = await Frame.ReadAsync(stream, patience.Token) ?? throw new IOException("the receiver did not say where to begin");
        if (known.Length != sizeof(long)) throw new InvalidDataException($"an offset has 8 bytes, not {known.Length}");
        var piece = new byte[PieceSizeBytes];
        for (var offset = BinaryPrimitives.ReadInt64LittleEndian(known); offset < snapshot.FileLength;)
        {
            patience.CancelAfter(PieceTimeout);
            var read = snapshot.ReadFile(offset, piece);
            if (read == 0) throw new IOException("the snapshot's file became shorter");
            await Frame.WriteAsync(stream, piece.AsMemory(0, read), patience.Token);
            offset += read;
        }

        await stream.FlushAsync(patience.Token);
        // The receiver checks and decodes all of it before it answers.
        patience.CancelAfter(PieceTimeout * 6);
        if (await Frame.ReadAsync(stream, patience.Token) is null) throw new IOException("the receiver did not confirm the snapshot");
    }

    /// <summary>Receives, checks and decodes a snapshot; it is durable when this returns.</summary>
    /// <exception cref="InvalidDataException">What came is not a snapshot of a peer.</exception>
    public static async Task<ReceivedSnapshot> ReceiveAsync(Stream stream, MemberDisk disk, SnapshotReception reception, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PieceTimeout);
        if (PeerCodec.Decode(await NextAsync(stream, patience.Token)) is not PeerMessage.Consensus { Message: InstallSnapshot message })
        {
            throw new InvalidDataException("a snapshot begins with its message");
        }

        var label = SnapshotLabel.Decode(await NextAsync(stream, patience.Token));
        try
        {
            using var receiver = await FillAsync(stream, reception, label, patience);
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

    private static async Task<SnapshotReceiver> FillAsync(Stream stream, SnapshotReception reception, SnapshotLabel label, CancellationTokenSource patience)
    {
        var receiver = reception.Take(label);
        try
        {
            var known = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(known, receiver.Received);
            await Frame.WriteAsync(stream, known, patience.Token);
            await stream.FlushAsync(patience.Token);
            while (receiver.Received < label.LengthBytes)
            {
                patience.CancelAfter(PieceTimeout);
                var piece = await NextAsync(stream, patience.Token);
                Invariant.That(receiver.TryWrite(receiver.Received, piece));
            }

            return receiver;
        }
        catch (StorageFullException)
        {
            // What is there of it takes the room that is missing.
            receiver.Dispose();
            throw;
        }
        catch
        {
            reception.Keep(label, receiver);
            throw;
        }
    }

    private static async Task<byte[]> NextAsync(Stream stream, CancellationToken cancellationToken) =>
        await Frame.ReadAsync(stream, cancellationToken) ?? throw new InvalidDataException("the snapshot's connection ended before the snapshot");
}
