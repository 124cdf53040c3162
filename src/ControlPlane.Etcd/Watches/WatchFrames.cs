using System.Buffers;
using System.Buffers.Binary;
using ControlPlane.Etcd.Keys;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;

namespace ControlPlane.Etcd.Watches;

/// <summary>Writes watch responses as gRPC frames straight into the body of the call: events are bytes already, and going through message objects and one asynchronous write each would
/// cost more than all the rest.</summary>
/// <remarks>A frame is 0 (not compressed), the length (4 bytes, big-endian), and the message. One writer; not thread-safe.</remarks>
internal sealed class WatchFrames(IBufferWriter<byte> body)
{
    private const int FrameHeadSize = 5;

    // Fields of WatchResponse.
    private const byte HeaderTag = 1 << 3 | 2;
    private const byte WatchIdTag = 2 << 3;
    private const byte FragmentTag = 7 << 3;

    // Tag and length of the header, the watch's id, the fragment's flag.
    private const int HeadSizeMax = 2 + 11 + 2;

    private byte[] _header = [];
    private ResponseHeader? _headerOf;

    /// <summary>Written since this was last set to 0.</summary>
    public long WrittenBytes { get; set; }

    public void Write(WatchResponse response)
    {
        var size = response.CalculateSize();
        BeginFrame(size);
        response.WriteTo(body);
        WrittenBytes += FrameHeadSize + size;
    }

    /// <param name="events">Whole fields of the response, in order.</param>
    /// <param name="eventBytes">Their length together.</param>
    public void Write(ResponseHeader header, long watchId, bool isFragment, ReadOnlySpan<byte[]> events, int eventBytes)
    {
        if (!header.Equals(_headerOf)) (_headerOf, _header) = (header, header.ToByteArray());
        Span<byte> head = stackalloc byte[HeadSizeMax + _header.Length];
        var headSize = Wire.WriteBytes(head, HeaderTag, _header);
        headSize += Wire.WriteField(head[headSize..], WatchIdTag, (ulong)watchId);
        headSize += Wire.WriteField(head[headSize..], FragmentTag, isFragment ? 1UL : 0);
        BeginFrame(headSize + eventBytes);
        body.Write(head[..headSize]);
        foreach (var one in events) body.Write(one);
        WrittenBytes += FrameHeadSize + headSize + eventBytes;
    }

    private void BeginFrame(int size)
    {
        var head = body.GetSpan(FrameHeadSize);
        head[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], (uint)size);
        body.Advance(FrameHeadSize);
    }
}
