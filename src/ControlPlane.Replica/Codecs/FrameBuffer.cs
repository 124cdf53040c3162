using System.Buffers;

namespace ControlPlane.Replica.Codecs;

/// <summary>Bytes that grow while they are written and stay to be used again: frames on their way to a peer, a value being encoded. One writer.</summary>
internal sealed class FrameBuffer(int capacity) : IBufferWriter<byte>
{
    // What is kept for the next use; a rare large frame should not keep its buffer for ever.
    private const int KeptSizeBytesMax = 4 << 20;

    private byte[] _bytes = new byte[capacity];

    public int Count { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Count);

    public void Clear()
    {
        Count = 0;
        if (_bytes.Length > KeptSizeBytesMax) _bytes = new byte[capacity];
    }

    /// <summary>Room for a frame's header; <see cref="EndFrame"/> fills it in.</summary>
    /// <returns>Where the frame begins.</returns>
    public int BeginFrame()
    {
        var start = Count;
        GetSpan(Frame.HeaderSizeBytes);
        Count += Frame.HeaderSizeBytes;
        return start;
    }

    public void EndFrame(int start) =>
        Frame.WriteHeader(_bytes.AsSpan(start), _bytes.AsSpan(start + Frame.HeaderSizeBytes, Count - start - Frame.HeaderSizeBytes));

    public void Advance(int count) => Count += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoomFor(sizeHint);
        return _bytes.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoomFor(sizeHint);
        return _bytes.AsSpan(Count);
    }

    private void MakeRoomFor(int sizeHint)
    {
        var needed = Count + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length) Array.Resize(ref _bytes, Math.Max(needed, 2 * _bytes.Length));
    }
}
