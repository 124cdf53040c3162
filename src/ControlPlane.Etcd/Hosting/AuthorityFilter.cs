using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace ControlPlane.Etcd.Hosting;

/// <summary>Reads what an HTTP/2 client sends, and corrects an <c>:authority</c> that is a URL. etcdctl dials <c>http://127.0.0.1:2379</c> by that very name when it asks one member for
/// its status, a snapshot or the like; Go's servers do not mind, Kestrel resets the stream.</summary>
/// <remarks>A frame is length (3 bytes), kind (1), flags (1), stream (4), then its content. Only the first frame of headers is looked at, unless it had to be corrected.</remarks>
internal sealed class AuthorityFilter(PipeReader source) : PipeReader
{
    private const int PrefaceSize = 24;
    private const int FrameHeadSize = 9;
    private const byte Headers = 1;

    // END_HEADERS alone or with END_STREAM: neither padded nor with a priority nor continued, as Go writes them.
    private const byte FlagsMask = 0b1111_1110;
    private const byte EndHeaders = 4;

    private ReadOnlySequence<byte> _exposed;
    private ReadOnlySequence<byte> _corrected;
    private long _approved = PrefaceSize;
    private bool _isDone;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (_corrected.IsEmpty)
        {
            var read = await source.ReadAsync(cancellationToken);
            if (Look(read) is { } result) return result;
        }

        return new ReadResult(_corrected, isCanceled: false, isCompleted: false);
    }

    public override bool TryRead(out ReadResult result)
    {
        while (_corrected.IsEmpty)
        {
            if (!source.TryRead(out var read))
            {
                result = default;
                return false;
            }

            if (Look(read) is not { } seen) continue;
            result = seen;
            return true;
        }

        result = new ReadResult(_corrected, isCanceled: false, isCompleted: false);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_corrected.IsEmpty)
        {
            _corrected = _corrected.Slice(consumed);
            return;
        }

        if (!_isDone) _approved -= _exposed.Slice(0, consumed).Length;
        source.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => source.CancelPendingRead();

    public override void Complete(Exception? exception = null) => source.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => source.CompleteAsync(exception);

    /// <summary>What may be passed on of what was read; null when more must be read first, or when corrected headers come next.</summary>
    private ReadResult? Look(ReadResult read)
    {
        var buffer = read.Buffer;
        if (_isDone || read.IsCanceled) return Expose(read, buffer.Length);
        while (_approved < buffer.Length && SizeOfOther(buffer.Slice(_approved)) is { } size) _approved += size;
        if (_approved > 0 && buffer.Length > 0) return Expose(read, Math.Min(_approved, buffer.Length));

        if (SizeOfFrame(buffer) is { } frameSize && buffer.Length >= frameSize)
        {
            var frame = buffer.Slice(0, frameSize).ToArray();
            var isCorrected = TryCorrect(ref frame);
            _isDone = !isCorrected;
            _corrected = new ReadOnlySequence<byte>(frame);
            source.AdvanceTo(buffer.GetPosition(frameSize));
            return null;
        }

        if (read.IsCompleted) return Expose(read, buffer.Length);
        source.AdvanceTo(buffer.Start, buffer.End);
        return null;
    }

    private ReadResult Expose(ReadResult read, long length)
    {
        _exposed = read.Buffer.Slice(0, length);
        return new ReadResult(_exposed, read.IsCanceled, read.IsCompleted && length == read.Buffer.Length);
    }

    private static long? SizeOfFrame(ReadOnlySequence<byte> frame)
    {
        if (frame.Length < FrameHeadSize) return null;
        Span<byte> head = stackalloc byte[4];
        frame.Slice(0, head.Length).CopyTo(head);
        return FrameHeadSize + (BinaryPrimitives.ReadUInt32BigEndian(head) >> 8);
    }

    /// <summary>The size of a frame that is not one of headers.</summary>
    private static long? SizeOfOther(ReadOnlySequence<byte> frame)
    {
        if (SizeOfFrame(frame) is not { } size) return null;
        return frame.Slice(3, 1).FirstSpan[0] == Headers ? null : size;
    }

    private static bool TryCorrect(ref byte[] frame)
    {
        if ((frame[4] & FlagsMask) != EndHeaders || !HeaderBlock.TryCorrectAuthority(frame.AsSpan(FrameHeadSize), out var block)) return false;
        byte[] corrected = [.. frame[..FrameHeadSize], .. block];
        (corrected[0], corrected[1], corrected[2]) = ((byte)(block.Length >> 16), (byte)(block.Length >> 8), (byte)block.Length);
        frame = corrected;
        return true;
    }
}
