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
    // On a line of 2 KB/s a piece still arrives within its time; on a fast one its frame costs a two-thousandth.
    private const int PieceSizeBytes = 16 << 10;

    private const byte StillChecking = 0;
    private const byte Whole = 1;

    // For one piece, not for the whole: a large snapshot on a slow line takes as long as it takes.
    private static readonly TimeSpan PieceTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CheckingInterval = TimeSpan.FromSeconds(2);

    /// <param name="stands">Told how much of the file the receiver has when the transfer begins.</param>
    /// <exception cref="IOException">It did not arrive.</exception>
    public static async Task SendAsync(Stream stream, InstallSnapshot message, SnapshotReader snapshot, Action<long> stands, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PieceTimeout);
        await Frame.WriteAsync(stream, PeerCodec.Encode(new PeerMessage.Consensus(message)), patience.Token);
        await Frame.WriteAsync(stream, SnapshotLabel.Of(snapshot).Encode(), patience.Token);
        await stream.FlushAsync(patience.Token);
        var known = await Frame.ReadAsync(stream, patience.Token) ?? throw new IOException("the receiver did not say where to begin");
        if (known.Length != sizeof(long)) throw new InvalidDataException($"an offset has 8 bytes, not {known.Length}");
        var piece = new byte[PieceSizeBytes];
        var offset = BinaryPrimitives.ReadInt64LittleEndian(known);
        stands(offset);
        while (offset < snapshot.FileLength)
        {
            patience.CancelAfter(PieceTimeout);
            var read = snapshot.ReadFile(offset, piece);
            if (read == 0) throw new IOException("the snapshot's file became shorter");
            await Frame.WriteAsync(stream, piece.AsMemory(0, read), patience.Token);
            offset += read;
        }

        await stream.FlushAsync(patience.Token);
        // The receiver checks and decodes all of it before it answers, and says meanwhile that it is at it.
        while (true)
        {
            patience.CancelAfter(PieceTimeout);
            var word = await Frame.ReadAsync(stream, patience.Token) ?? throw new IOException("the receiver did not confirm the snapshot");
            if (word is [Whole]) return;
        }
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
            // Reading back a large file takes longer than anybody's patience.
            var completing = Task.Run(() => Complete(receiver, message, disk), CancellationToken.None);
            while (await Task.WhenAny(completing, Task.Delay(CheckingInterval, CancellationToken.None)) != completing)
            {
                await SayAsync(stream, StillChecking, completing, cancellationToken);
            }

            return await completing;
        }
        catch (Exception problem) when (problem is DamagedException or StorageFullException)
        {
            throw new InvalidDataException(problem.Message, problem);
        }
    }

    public static async Task ConfirmAsync(Stream stream, CancellationToken cancellationToken)
    {
        await Frame.WriteAsync(stream, new[] { Whole }, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    private static ReceivedSnapshot Complete(SnapshotReceiver receiver, InstallSnapshot message, MemberDisk disk)
    {
        var info = receiver.Complete();
        if (info.Point.Index != message.Snapshot.Index.Value || info.Point.Term != message.Snapshot.Term.Value)
        {
            throw new InvalidDataException($"the snapshot at {info.Point} came under the name of {message.Snapshot.Term}/{message.Snapshot.Index}");
        }

        return new ReceivedSnapshot(message, disk.Load(message.Snapshot));
    }

    // The sender may have gone; the file is complete all the same, and its receiver must not be disposed under the work.
    private static async Task SayAsync(Stream stream, byte word, Task work, CancellationToken cancellationToken)
    {
        try
        {
            await Frame.WriteAsync(stream, new[] { word }, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            await work;
        }
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
