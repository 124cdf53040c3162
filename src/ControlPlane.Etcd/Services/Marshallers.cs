using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Etcd.Services;

/// <summary>Reads and writes messages without a copy in between, as generated code does.</summary>
internal static class Marshallers
{
    public static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : IMessage<T> => new(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
}
