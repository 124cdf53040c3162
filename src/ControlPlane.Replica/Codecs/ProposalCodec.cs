using ControlPlane.Replica.Turns;
using ControlPlane.Store.Commands;
using MessagePack;

namespace ControlPlane.Replica.Codecs;

/// <summary>The payload of a command entry: proposals of one member, each a command with the number of its request.
/// <c>[origin, incarnation, oldest open, [sequence, command, sequence, command, …]]</c>; layout in docs/formats/commands.md.</summary>
/// <remarks>Until ADR 0016 an entry carried one proposal, <c>[origin, incarnation, sequence, oldest open, command]</c>. Both are read; the counts tell them apart.</remarks>
internal static class ProposalCodec
{
    private const int SingleFieldCount = 5;
    private const int BatchFieldCount = 4;

    /// <param name="oldestOpen">At most the lowest sequence among <paramref name="proposals"/>.</param>
    public static byte[] Encode(MemberId origin, ulong incarnation, ulong oldestOpen, IReadOnlyList<NumberedCommand> proposals) =>
        Pack.Write((origin, incarnation, oldestOpen, proposals), Write);

    /// <summary>The proposals in their order.</summary>
    /// <exception cref="InvalidDataException">Not a payload.</exception>
    public static List<(RequestId Id, Command Command)> Decode(ReadOnlyMemory<byte> data) => Pack.Read(data, Read);

    private static void Write(ref MessagePackWriter writer, (MemberId Origin, ulong Incarnation, ulong OldestOpen, IReadOnlyList<NumberedCommand> Proposals) batch)
    {
        writer.WriteArrayHeader(BatchFieldCount);
        writer.Write(batch.Origin.Value);
        writer.Write(batch.Incarnation);
        writer.Write(batch.OldestOpen);
        writer.WriteArrayHeader(2 * batch.Proposals.Count);
        foreach (var proposal in batch.Proposals)
        {
            writer.Write(proposal.Sequence);
            writer.WriteRaw(proposal.Command.Span);
        }
    }

    private static List<(RequestId, Command)> Read(ref MessagePackReader reader)
    {
        var fieldCount = reader.ReadArrayHeader();
        if (fieldCount is not (BatchFieldCount or SingleFieldCount)) throw new InvalidDataException($"a payload has {BatchFieldCount} or {SingleFieldCount} fields, {fieldCount} found");
        var origin = new MemberId(reader.ReadUInt64());
        var incarnation = reader.ReadUInt64();
        if (fieldCount == SingleFieldCount)
        {
            var sequence = reader.ReadUInt64();
            return [(new RequestId(origin, incarnation, sequence, reader.ReadUInt64()), CommandCodec.Read(ref reader))];
        }

        var oldestOpen = reader.ReadUInt64();
        var count = reader.ReadArrayHeader();
        if (count % 2 != 0) throw new InvalidDataException("a sequence without a command");
        var proposals = new List<(RequestId, Command)>(count / 2);
        for (var i = 0; i < count; i += 2) proposals.Add((new RequestId(origin, incarnation, reader.ReadUInt64(), oldestOpen), CommandCodec.Read(ref reader)));
        return proposals;
    }
}

/// <param name="Command">Encoded.</param>
internal readonly record struct NumberedCommand(ulong Sequence, ReadOnlyMemory<byte> Command);
