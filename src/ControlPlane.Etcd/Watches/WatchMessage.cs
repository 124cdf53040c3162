using System.Buffers;
using ControlPlane.Etcd.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Watches;

/// <summary>One <c>WatchResponse</c>: a few fields of its own, and events whose bytes are shared.</summary>
/// <param name="Head">Everything but the events.</param>
/// <param name="Events">Whole fields, in order.</param>
internal sealed record WatchMessage(WatchResponse Head, IReadOnlyList<byte[]> Events)
{
    public static readonly Marshaller<WatchMessage> Marshaller = new(
        static (message, context) =>
        {
            var headSize = message.Head.CalculateSize();
            context.SetPayloadLength(checked((int)(headSize + message.EventBytes)));
            var target = context.GetBufferWriter();
            // Events are the last field, so that appending theirs to the head's bytes is the message.
            message.Head.WriteTo(target);
            foreach (var one in message.Events) target.Write(one);
            context.Complete();
        },
        static _ => throw new NotSupportedException("only answered, never asked"));

    public WatchMessage(WatchResponse head)
        : this(head, [])
    {
    }

    private long EventBytes
    {
        get
        {
            long size = 0;
            foreach (var one in Events) size += one.Length;
            return size;
        }
    }
}
