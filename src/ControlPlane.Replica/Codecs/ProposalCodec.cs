using ControlPlane.Replica.Turns;
using ControlPlane.Store.Commands;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>A command with the number of its request: the payload of a log entry. <c>[origin, incarnation, sequence, oldest open, command]</c>.</summary>
internal static class ProposalCodec
{
    public static byte[] Encode(RequestId id, ReadOnlyMemory<byte> encodedCommand) => Pack.Write((id, encodedCommand), Write);

    /// <exception cref="InvalidDataException">Not a proposal.</exception>
    public static (RequestId Id, Command Command) Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, Read);

    private static void Write(ref MessagePackWriter writer, (RequestId Id, ReadOnlyMemory<byte> Command) proposal)
    {
        writer.WriteArrayHeader(5);
        writer.Write(proposal.Id.Origin.Value);
        writer.Write(proposal.Id.Incarnation);
        writer.Write(proposal.Id.Sequence);
        writer.Write(proposal.Id.OldestOpen);
        writer.WriteRaw(proposal.Command.Span);
    }

    private static (RequestId, Command) Read(ref MessagePackReader reader)
    {
        Pack.Expect(ref reader, 5);
        var id = new RequestId(new MemberId(reader.ReadUInt64()), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64());
        return (id, CommandCodec.Read(ref reader));
    }
}
