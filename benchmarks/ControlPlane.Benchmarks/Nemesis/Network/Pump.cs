using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ControlPlane.Benchmarks.Nemesis.Network;

/// <summary>Carries the bytes of one direction of one connection over a <see cref="Link"/>.</summary>
internal sealed class Pump(Socket source, Socket target, Link link)
{
    private const int ChunkSizeBytes = 32 << 10;

    // 4 MiB under way: more than a window of appends, so that a slow link is slow by its rate and not by this.
    private const int ChunkCountMax = 128;

    private readonly Channel<Chunk> _underWay = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(ChunkCountMax) { SingleReader = true, SingleWriter = true });

    /// <summary>Until both ends know that the stream has ended.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var reading = ReadAsync(stop);
        await WriteAsync(stop);
        await reading;
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var bytes = ArrayPool<byte>.Shared.Rent(ChunkSizeBytes);
                var count = await source.ReceiveAsync(bytes.AsMemory(0, ChunkSizeBytes), stop);
                if (count == 0) break;
                await _underWay.Writer.WriteAsync(new(bytes, count, link.DueAt(count)), stop);
            }

            _underWay.Writer.Complete();
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException or ChannelClosedException)
        {
            _underWay.Writer.TryComplete(ended);
        }
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        var end = SocketShutdown.Send;
        try
        {
            await foreach (var chunk in _underWay.Reader.ReadAllAsync(stop))
            {
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), chunk.DueAt);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, stop);
                await link.OpenAsync(stop);
                for (var sent = 0; sent < chunk.Count;) sent += await target.SendAsync(chunk.Bytes.AsMemory(sent, chunk.Count - sent), stop);
                ArrayPool<byte>.Shared.Return(chunk.Bytes);
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            end = SocketShutdown.Both;
        }

        await TellEndAsync(end, stop);
    }

    // An end is a packet too: it does not pass a silent link.
    private async Task TellEndAsync(SocketShutdown end, CancellationToken stop)
    {
        try
        {
            await link.OpenAsync(stop);
            if (end == SocketShutdown.Both) target.LingerState = new LingerOption(true, 0);
            target.Shutdown(end);
            if (end == SocketShutdown.Both) target.Close();
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            target.Close();
        }

        _underWay.Writer.TryComplete();
    }

    private readonly record struct Chunk(byte[] Bytes, int Count, long DueAt);
}
