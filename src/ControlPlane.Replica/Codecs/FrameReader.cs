namespace ControlPlane.Replica.Codecs;

/// <summary>Takes frames off a stream, many with one read. One reader.</summary>
internal sealed class FrameReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>The next payload, or null when the stream ends between frames. The caller owns the array.</summary>
    /// <exception cref="InvalidDataException">Cut or damaged.</exception>
    public async ValueTask<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        while (_end - _start < Frame.HeaderSizeBytes)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0) return _end == 0 ? null : throw new InvalidDataException("the stream ends within a frame");
            _end += read;
        }

        var payload = new byte[Frame.PayloadSizeOf(_buffer.AsSpan(_start))];
        var header = _buffer.AsMemory(_start, Frame.HeaderSizeBytes);
        var here = Math.Min(payload.Length, _end - _start - Frame.HeaderSizeBytes);
        _buffer.AsSpan(_start + Frame.HeaderSizeBytes, here).CopyTo(payload);
        _start += Frame.HeaderSizeBytes + here;
        // The rest of a large frame goes where it belongs, not through the buffer.
        if (here < payload.Length && await stream.ReadAtLeastAsync(payload.AsMemory(here), payload.Length - here, throwOnEndOfStream: false, cancellationToken) < payload.Length - here)
        {
            throw new InvalidDataException("the stream ends within a frame");
        }

        Frame.Check(header.Span, payload);
        return payload;
    }
}
