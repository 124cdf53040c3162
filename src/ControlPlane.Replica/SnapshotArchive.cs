using System.IO.Pipelines;
using ControlPlane.Replica.Codecs;
using ControlPlane.Replica.Turns;
using ControlPlane.Wal.Logs;
using ControlPlane.Wal.Snapshots;

namespace ControlPlane.Replica;

/// <summary>A snapshot outside its member: a snapshot file whose header also names the cluster (docs/formats/snapshot.md).</summary>
internal static class SnapshotArchive
{
    /// <summary>Encodes on another thread, as fast as <paramref name="destination"/> takes it.</summary>
    public static async Task WriteAsync(ReplicaImage image, Guid clusterId, Stream destination, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, useSynchronizationContext: false));
        var encoding = Task.Run(() => Encode(image, clusterId, pipe.Writer), CancellationToken.None);
        try
        {
            await pipe.Reader.CopyToAsync(destination, cancellationToken);
            await pipe.Reader.CompleteAsync();
        }
        catch (Exception problem)
        {
            // The encoder sees it at its next piece and ends.
            await pipe.Reader.CompleteAsync(problem);
            await encoding;
            throw;
        }

        await encoding;
    }

    private static void Encode(ReplicaImage image, Guid clusterId, PipeWriter writer)
    {
        Exception? problem = null;
        try
        {
            var isWanted = true;
            var encoder = new SnapshotEncoder(bytes =>
            {
                if (!isWanted) return;
                bytes.CopyTo(writer.GetSpan(bytes.Length));
                writer.Advance(bytes.Length);
                // This thread has nothing else to do than to wait for the reader.
                isWanted = !writer.FlushAsync().AsTask().GetAwaiter().GetResult().IsCompleted;
            });
            encoder.Begin(new SnapshotInfo(new LogPoint(image.Mark.Index.Value, image.Mark.Term.Value), new ArchiveHead(image.Mark.Configuration, clusterId).Encode()));
            SnapshotCodec.Write(image, encoder.Write);
            encoder.End();
        }
        catch (Exception failure)
        {
            problem = failure;
        }

        // A failure surfaces where the bytes are copied.
        writer.Complete(problem);
    }
}
